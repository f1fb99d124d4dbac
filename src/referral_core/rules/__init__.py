"""Rules: pure functions from facts to a reason or to nothing, and what follows from them."""
