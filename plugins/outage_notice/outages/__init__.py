"""Announcements seen from the ticket side."""
