"""What a plugin may do."""
