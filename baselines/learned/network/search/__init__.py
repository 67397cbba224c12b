"""Searches over a picture's levels: which levels a network is asked about, and which level follows.

This file lists all searches by name and says which is the default. They stand in `strategies`, and
`rules` has their base class. Some fit a curve to the network's probabilities (`fit`), others use its yes or no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from baselines.learned.network.search.rules import Strategy
from baselines.learned.network.search.strategies import Bayes, Bisect, BlockSearch, Full, GridSearch, Scan, Window
from datasets.common.errors import unknown_name

STRATEGIES: Mapping[str, type[Strategy]] = MappingProxyType(
    {strategy.name: strategy for strategy in (Full, GridSearch, Scan, Bayes, Window, Bisect, BlockSearch)}
)
"""Every search by its name."""

DEFAULT = "scan"
"""The search to use where nobody asked for another.

Mean |error| in levels on 1000 simulated noisy classifiers (`simulate` of test_search_simulated.py with seed 77, by
which nothing was chosen; 100 levels, the constant's error 12.0, pooled AUC 0.94 / 0.94 / 0.97 with errors
independent / mixed / smooth over the ladder), and in brackets the mean distance from `full`:

* full, 100 passes: 3.4 / 5.8 / 6.2
* scan, 18 passes: 4.6 (2.6) / 6.2 (2.0) / 6.3 (0.6)
* grid, 20 passes: 4.5 (2.7) / 6.3 (2.2) / 6.2 (0.7); 12 passes: 5.3 (3.4) / 6.4 (2.9) / 6.1 (1.2)
* bayes, 20 passes: 4.9 (2.2) / 6.6 (2.2) / 6.6 (1.2); 14 passes: 5.1 (2.6) / 6.7 (2.5) / 6.6 (1.3)
* window, 100 passes: 6.1 (6.5) / 8.9 (6.5) / 8.6 (4.7)
* bisect, 7 passes: 9.5 (9.5) / 10.3 (8.5) / 8.6 (4.7)

A network's errors on neighbouring levels, which look alike, are smooth. So it came out on a real one: `sgjnd-lite`,
out of fold on 50 photographs with simulated observers (one network a fold, its answers at every level replayed,
evidence 100), MAE in QF and mean distance from `full`:

* full, 100 passes: 9.31
* scan, 18 passes: 9.36 (0.5)
* grid, 20 passes: 9.36 (0.9); 16: 9.46 (1.2); 12: 9.52 (1.5); 8: 9.76 (2.1)
* bayes, 20 passes: 9.37 (1.5); 14: 9.35 (1.5); 8: 9.52 (1.6)
* window, 100 passes: 10.12 (2.8)
* bisect, 7 passes: 10.08 (2.7)

`scan` stays nearest to `full` at a fifth of its passes. Where the features of a grid are stored anyway, as those of
`sgjnd-lite` are, `grid` costs nothing more and is as accurate; `sgjnd.config.Config` takes it there.
"""


def strategy(name: str, **parameters: Any) -> Strategy:
    """The search of a name, with its settings; those left out have their defaults.

    :raises UserError: where there is no such search or setting, or a setting's value is out of range.
    """
    if name not in STRATEGIES:
        raise unknown_name("search", name, STRATEGIES)
    known = [field.name for field in fields(STRATEGIES[name])]  # type: ignore[arg-type]
    for parameter in parameters:
        if parameter not in known:
            raise unknown_name(f"setting of the search {name!r}", parameter, known)
    return STRATEGIES[name](**parameters)
