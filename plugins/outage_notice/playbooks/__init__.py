"""Scenarios prepared in advance."""
