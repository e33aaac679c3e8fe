"""Mail going out, and the list of what went out."""
