"""The formats of promo codes: random and named, with their check character and the words kept out of them (C10)."""
