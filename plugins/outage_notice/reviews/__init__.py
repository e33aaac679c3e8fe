"""What is learned after an outage, and reports over many of them."""
