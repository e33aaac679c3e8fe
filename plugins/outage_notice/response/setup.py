"""What this room offers to the plugin."""
