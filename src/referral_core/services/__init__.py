"""Use cases: load facts through the ports, decide, store, and return what happened."""
