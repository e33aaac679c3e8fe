"""Backups: one file that holds the database and the attachments as they were at one moment, and can be checked."""
