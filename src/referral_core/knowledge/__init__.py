"""Knowledge: all ports as they stood at a moment, to be read and not to be written (R3)."""
