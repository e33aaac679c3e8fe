"""The service catalogue: what can fail, and which departments use it."""
