"""Scores of predictions, and what differs by more than chance. A new score is one record in `scores.py`."""
