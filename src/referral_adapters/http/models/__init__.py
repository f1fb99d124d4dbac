"""Answers as they go over the wire, in the words of the feed."""
