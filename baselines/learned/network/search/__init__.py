"""Searches over a picture's levels: which levels a network is asked about, and which level follows.

This file lists all searches by name and says which is the default. They stand in `strategies`, and
`rules` has their base class. Some fit a curve to the network's probabilities (`fit`), others use its yes or no.
"""

from __future__ import annotations

from collections.abc import Mapping

from baselines.learned.network.search.rules import Strategy
from baselines.learned.network.search.strategies import Bayes, Bisect, BlockSearch, Full, GridSearch, Scan, Window

STRATEGIES: Mapping[str, type[Strategy]] = {
    strategy.name: strategy for strategy in (Full, GridSearch, Scan, Bayes, Window, Bisect, BlockSearch)
}
"""Every search by its name."""

DEFAULT = "scan"
"""The search to use where nobody asked for another.

It stays nearest to `full` at a fifth of its passes, on simulated classifiers as on a trained network: docs/sgjnd.md has
the numbers. Where the features of a grid are stored anyway, as those of `sgjnd-lite` are, `grid` costs nothing more and
is as accurate; `sgjnd.config.Config` takes it there.
"""
