"""What everything stands on: database, clock, events, outbox, feed, errors."""
