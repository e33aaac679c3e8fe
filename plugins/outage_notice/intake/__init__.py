"""Alerts of monitoring systems."""
