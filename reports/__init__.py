"""Leaderboards, figures and pages: a pure function of the stored results.

`build.py` and `compare.py` are the commands; `results/` is the model that `tables/`, `figures/` and `pages/` show.
"""

import baselines  # noqa: F401  # which refuses packages of others that have our names
