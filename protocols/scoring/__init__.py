"""Scores of runs, their intervals, comparisons of pairs, ranks and the human ceiling."""
