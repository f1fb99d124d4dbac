"""Services: the acts of a session. They load facts from the repositories, decide, store, and return the result."""
