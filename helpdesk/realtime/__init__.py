"""Who is connected, and the live feed to them."""
