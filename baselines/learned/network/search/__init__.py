"""Searches over the ladder: which levels a network is asked about, and the level that follows."""
