"""Every read of the outages' tickets, followers and broadcasts."""
