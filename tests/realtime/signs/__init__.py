"""A plugin for tests: the banners of everybody stand in a JSON file beside the database."""
