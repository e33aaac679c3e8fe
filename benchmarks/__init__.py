"""Measures what the help desk promises about speed and size: one module for each promise, each alone runnable."""
