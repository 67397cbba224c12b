"""Folds, jobs, the store of predictions, and scores."""
