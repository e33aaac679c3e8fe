"""What one person sees of the announcements that concern them."""
