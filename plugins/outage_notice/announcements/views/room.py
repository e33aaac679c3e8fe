"""The page of one announcement."""
