"""Chat and SMS: what goes to the channels that the settings name, and the list of what went."""
