"""Who an announcement is for."""
