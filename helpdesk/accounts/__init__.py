"""People, departments, roles, sign-in, sessions and API tokens."""
