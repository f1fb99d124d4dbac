"""Use cases: load facts from the repositories, decide, store, and return what happened."""
