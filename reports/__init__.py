"""Leaderboards, figures and pages: a pure function of the stored results.

`build.py` and `compare.py` are the commands; `results/` is the model that `tables/`, `figures/` and `pages/` show.
"""
