"""Reads of reviews. Loading one and deciding who may see it is one step."""
