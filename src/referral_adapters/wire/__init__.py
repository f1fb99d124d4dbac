"""The wire format: strict JSON text, and the values of the core in it."""
