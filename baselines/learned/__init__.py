"""Predictors that learn from rated pictures: regressions, and networks of papers."""
