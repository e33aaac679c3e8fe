"""What `dev.py` does, in parts. It runs before anything is installed: only the standard library is imported."""
