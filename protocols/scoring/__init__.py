"""Scores of predictions, their intervals, and the p-values of pairs of predictors.

A new score is one record in `scores.py`.
"""
