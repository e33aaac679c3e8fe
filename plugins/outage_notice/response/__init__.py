"""Who is called, who does what, and the promises that an outage makes."""
