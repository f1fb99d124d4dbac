"""Values: what is equal when its content is equal, and never changes."""
