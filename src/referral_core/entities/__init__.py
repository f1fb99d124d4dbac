"""Entities: objects with an identity and a lifecycle. Each is frozen; its methods return the next state."""
