"""Page shell, forms, errors, paging, security headers."""
