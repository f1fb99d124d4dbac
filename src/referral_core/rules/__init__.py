"""Rules: plain functions that say yes or name a reason."""
