"""Tickets and their threads."""
