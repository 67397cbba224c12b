"""Predictors that look at no pixels or at one encoder's own quality rule: the controls every table needs."""
