"""Leaderboards, figures and the page: a pure function of the stored results."""
