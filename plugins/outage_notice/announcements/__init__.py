"""The record of the one idea: lifecycle, updates, composer, outage room, API."""
