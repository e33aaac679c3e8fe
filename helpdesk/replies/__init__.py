"""Automated and canned replies."""
