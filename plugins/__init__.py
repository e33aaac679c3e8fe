"""Plugins that ship with the help desk."""
