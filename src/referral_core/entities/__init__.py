"""Entities: what has an identity and a life of its own. Each is frozen; a method returns its next state."""
