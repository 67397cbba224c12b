"""The predictor interface, shaped like scikit-learn's: cheap constructor, `fit`, `predict`."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from datasets.common.errors import UserError
from datasets.core.ladder import Step
from datasets.core.picture import Picture

Self = TypeVar("Self", bound="JNDPredictor")

KINDS = ("constant", "pixel", "subband", "metric", "learned")
COSTS = {
    "light": "part of a run that names no predictor",
    "slow": "up to minutes for the demo set on two cores: runs when named or matched by a glob",
    "heavy": "trains for hours without a GPU: runs only when named in full",
}


@dataclass(frozen=True)
class PublishedNumber:
    """A number as its paper gives it.

    Reports show it beside a measured number only where data set, JND, truth, folds and score are known to be the
    same; else it stands in a list of its own. A number over unknown folds is comparable with none, since which
    pictures were trained on moves it: it is always listed.

    :param dataset: as the suite names it, e.g. `mcl-jci`; or what stands before `-jpeg` and `-bpg` in its parts' names.
    :param truth: the suite's name of the truth it was measured under, or what is believed of it in words, which match
        none; empty only where the score compares SUR curves and so needs no truth.
    :param metric: what was measured, as printed, with its unit.
    :param value: as printed.
    :param caveat: why a number measured here may differ; shown wherever the number is.
    :param jnd: which JND, 1 or more.
    :param folds: the suite's name of the folds, e.g. `sur-featnet-10`; empty where they are unknown.
    :param score: the record of `protocols/scoring/scores.py` that measures the same; empty where none does.
    :param score_factor: `value` times this is in the score's unit: 0.01 where per cent are printed and the score is
        a share.
    :param method: whose number it is, where another's than the card's (a predecessor's, say): never beside a row.
    """

    dataset: str
    truth: str
    metric: str
    value: float
    caveat: str
    jnd: int = 1
    folds: str = ""
    score: str = ""
    score_factor: float = 1.0
    method: str = ""


@dataclass(frozen=True)
class Card:
    """Where a method comes from and what this implementation of it is.

    :param name: as flags and tables say it; lower case, digits, `-`, `.`.
    :param title: for people.
    :param paper: authors, title, venue, identifier; empty for controls that have none.
    :param year: of the paper; None where there is none.
    :param licence: of this implementation.
    :param kind: one of `KINDS`.
    :param needs_pictures: whether it looks at pixels; those that do not run on labels alone.
    :param cost: one of `COSTS`.
    :param published: numbers of the paper, each with its caveat.
    :param deviations: what differs here from the paper, one sentence each.
    """

    name: str
    title: str
    paper: str
    year: int | None
    kind: str
    needs_pictures: bool
    cost: str = "light"
    licence: str = "Apache-2.0"
    published: tuple[PublishedNumber, ...] = ()
    deviations: tuple[str, ...] = ()


class NotFittedError(UserError, AttributeError):
    """Something that `fit` learns was asked for before `fit`."""


class Watch(ABC):
    """What a predictor takes from a picture's levels as they pass by, so that one decoding serves all predictors."""

    @abstractmethod
    def see(self, step: Step) -> None:
        """Look at a level. All levels come once, from the worst to the best.

        :param step: its pixels; meanwhile `picture.ladder` gives the same without decoding.
        """

    @abstractmethod
    def measurement(self) -> Any:
        """What `measure` would give, after all levels have passed."""

    def end(self) -> None:  # noqa: B027 - most have nothing to end
        """Called last, also where something failed."""


class JNDPredictor(ABC):
    """Given a picture, at which level do people begin to notice the compression?

    A subclass is final, has a `card`, and takes its parameters by keyword with defaults, stored under their own
    names and nothing else done. What `fit` learns is stored under names ending in an underscore.
    """

    card: ClassVar[Card]

    expected_failures: ClassVar[Mapping[str, str]] = {}
    """Checks of `baselines.check` that this method cannot pass: the check's name, and the reason for people."""

    quick: ClassVar[Mapping[str, Any]] = {}
    """Parameters under which a costly method can be checked in seconds; `baselines.check` uses them, no run does."""

    @classmethod
    def variants(cls) -> Mapping[str, Mapping[str, Any]]:
        """Registered names and the parameters each stands for; the card's name with none unless overridden."""
        return {cls.card.name: {}}

    @classmethod
    def cost_of(cls, parameters: Mapping[str, Any]) -> str:
        """What one of the `variants` costs, one of `COSTS`; the card's cost unless overridden."""
        return cls.card.cost

    def unavailable(self) -> str:
        """Why it cannot run here (a program, a package or a weight file is missing), and what to do; mostly empty."""
        return ""

    def get_params(self) -> dict[str, Any]:
        """The constructor's parameters with their present values."""
        known = inspect.signature(type(self).__init__).parameters.values()
        names = [one.name for one in known if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
        return {name: getattr(self, name) for name in names if name != "self"}

    if not TYPE_CHECKING:  # to a type checker every attribute would exist

        def __getattr__(self, name: str) -> Any:
            if name.endswith("_") and not name.startswith("_"):
                raise NotFittedError(f"{self.card.name} has no {name!r} yet: call fit(pictures, levels, seed=0) first")
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @abstractmethod
    def fit(self: Self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        """Learn from rated pictures.

        :param pictures: training pictures, with their samples.
        :param levels: their true levels under the run's truth, shape (pictures,), float.
        :param seed: the only source of randomness.
        """

    @abstractmethod
    def predict(self, picture: Picture) -> float:
        """The level at which people begin to notice, within the codec's range; fractions allowed.

        :param picture: comes without samples.
        """

    def predict_sur(self, picture: Picture) -> np.ndarray | None:
        """Share of satisfied people from the worst to the best level, shape (levels,), rising; None where unknown."""
        return None

    def was_clipped(self, picture: Picture) -> bool:
        """Whether the prediction was cut off at an end of the codec's range."""
        return False

    def remark(self, picture: Picture) -> str:
        """One sentence that a reader of the run should know of how this picture was looked at; mostly empty."""
        return ""

    def measure(self, picture: Picture) -> Any:
        """Whatever costs time and depends on the picture and the parameters, not on the fold; None where nothing does.

        Called at most once per picture (possibly in another process) however many folds and truths there are.
        Arrays, numbers, and tuples or dicts of them.
        """
        return None

    def watch(self, picture: Picture) -> Watch | None:
        """A way to measure while the ladder's levels pass by; None where `measure` asks for what it wants by itself.

        Where there is one it is used instead of `measure`, and must find the same.
        """
        return None

    def measured_by(self) -> type:
        """The class whose code decides what `measure` finds; a shared one where methods share a measurement key."""
        return type(self)

    def ingredients(self) -> Mapping[str, str]:
        """What predictions depend on besides parameters, data and code, by name: the hash of a weight file, say.

        Part of a stored run's key, so that another file makes it stale.
        """
        return {}

    def measurement(self, picture: Picture) -> Any:
        """What `measure` gave for the picture, from its memory where it has been measured."""
        return picture.remember(self.measurement_key(), lambda: self.measure(picture))

    def measurement_key(self) -> str:
        """Names what `measure` depends on besides the picture."""
        cls = type(self)
        return f"{cls.__module__}:{cls.__qualname__}({sorted(self.get_params().items())!r})"
