"""The ticker and the outbox relay."""
