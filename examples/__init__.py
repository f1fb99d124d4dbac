"""Examples: feeds to read, and a generator of one believable year."""
