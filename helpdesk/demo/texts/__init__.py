"""What the people of the demonstration organisation write. Data only: one module for each part of the catalogue."""
