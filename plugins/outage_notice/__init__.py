"""The outage-notice plugin: an outage is written once, and every channel follows it."""
