"""Who did what: an append-only record, written in the transaction of the act."""
