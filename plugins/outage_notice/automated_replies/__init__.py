"""The outage in the automated replies of tickets."""
