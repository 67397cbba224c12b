"""The contract of predictors: the promises that every run relies on, one function each in `form` and `behaviour`.

`python -m baselines.check NAME` shows them as a table. In a test of your own:

    from baselines.interface.contract import parametrize_with_contract

    @parametrize_with_contract([MyMethod, "psnr"])
    def test_my_methods_keep_the_contract(check):
        check()
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from baselines.interface.contract.checks import CHECKS, Check, run_check, trials_of
from baselines.interface.contract.trial import Trial
from baselines.interface.registry import Wanted, find_predictors
from datasets.common.contract import ABSENT, EXPECTED, FAILED
from datasets.core.picture import Picture

if TYPE_CHECKING:
    from pytest import MarkDecorator


def parametrize_with_contract(predictors: Sequence[Wanted], pictures: Sequence[Picture] | None = None) -> MarkDecorator:
    """Make a test of one argument, `check`, run once for every predictor and every check; its body is `check()`.

    An expected failure is shown as xfail with its reason; where a predictor cannot run, its tests are skipped. Needs
    pytest.

    :param predictors: classes, predictors, names, globs, or `package.module:Class`.
    :param pictures: rated pictures with pixels, of at least two sources; None takes some of the demo set.
    :raises UserError: where a name or glob matches nothing.
    """
    import pytest

    tests = []
    for entry in find_predictors(predictors):
        trials = functools.cache(functools.partial(trials_of, entry, pictures))
        tests += [
            pytest.param(functools.partial(_run, check, trials), id=f"{entry.name}-{check.name}") for check in CHECKS
        ]
    return pytest.mark.parametrize("check", tests)


def _run(check: Check, trials: Callable[[], list[Trial]]) -> None:
    """One check of a predictor: pass, fail with what to do, or end as pytest's xfail or skip."""
    import pytest

    outcome = run_check(check, trials())
    if outcome.verdict == EXPECTED:
        pytest.xfail(outcome.reason)
    if outcome.verdict == ABSENT:
        pytest.skip(outcome.reason)
    if outcome.verdict == FAILED:
        pytest.fail(f"{outcome.reason} (protects: {check.protects})", pytrace=False)
