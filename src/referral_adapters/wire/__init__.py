"""What every wire has in common: JSON as text, and the values of the core in it."""
