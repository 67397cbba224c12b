"""Settings of learned predictors: frozen, checked, made from names and values, each documented with its reason.

A predictor's own settings are one frozen dataclass that joins the parts it needs and adds its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from baselines.learned.network.labels import LABELS
from baselines.learned.network.search.strategies import STRATEGIES
from baselines.learned.network.weights import AUTO, BACKBONES
from datasets.common.errors import UserError, unknown_name

Self = TypeVar("Self", bound="Settings")

LOSSES = {
    "cross-entropy": "of the probability against the label; proper, and steep where a confident answer is wrong",
    "squared": "squared difference of the two (Brier score); proper, and forgiving",
}
_MOST = 1 << 20
"""Of a whole number: settings come from files of trained networks, too."""
_KINDS = {bool: "True or False", float: "a number", str: "a word"}


@dataclass(frozen=True)
class Settings:
    """Checks what its subclasses declare: the type of every field, and what the class variables say of some.

    :raises UserError: for a value of another type, or out of range; the text names the setting.
    """

    title: ClassVar[str] = "this predictor"
    """Whose settings they are, for people."""
    choices: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """Words that a setting may be."""
    least: ClassVar[Mapping[str, int]] = {}
    """Whole numbers and the smallest that they may be."""
    positive: ClassVar[Sequence[str]] = ()
    """Numbers that must be above 0 and finite."""
    shares: ClassVar[Sequence[str]] = ()
    """Numbers from 0 to below 1."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, kind = getattr(self, field.name), type(field.default)
            if kind in _KINDS and not _is_a(value, kind):
                raise UserError(f"{self.title}'s setting {field.name} is {_KINDS[kind]}, not {value!r}")
        for name, known in self._declared("choices").items():
            if getattr(self, name) not in known:
                raise unknown_name(f"{name} of {self.title}", getattr(self, name), known)
        for name, least in self._declared("least").items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise UserError(f"{self.title}'s setting {name} is a whole number from {least} up, not {value!r}")
            if value > _MOST:
                raise UserError(f"{self.title}'s setting {name} is at most {_MOST}: more would fill any memory")
        for one in type(self).__mro__:
            for name in vars(one).get("positive", ()):
                if not 0 < getattr(self, name) < float("inf"):
                    raise UserError(f"{self.title}'s setting {name} is a number above 0, not {getattr(self, name)!r}")
            for name in vars(one).get("shares", ()):
                if not 0 <= getattr(self, name) < 1:
                    raise UserError(f"{self.title}'s {name} is a share from 0 to below 1, not {getattr(self, name)!r}")

    @classmethod
    def of(cls: type[Self], settings: Mapping[str, Any] | None, **defaults: Any) -> Self:
        """The defaults with some settings changed.

        :raises UserError: for a setting that does not exist, or a value out of range.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in settings or {}:
            if name not in known:
                raise unknown_name(f"setting of {cls.title}", name, known)
        return cls(**{**defaults, **(settings or {})})

    def _declared(self, name: str) -> dict[str, Any]:
        """A class variable's entries, of every class that this one is made of."""
        return {key: value for one in reversed(type(self).__mro__) for key, value in vars(one).get(name, {}).items()}


def _is_a(value: object, kind: type) -> bool:
    """Whole numbers are numbers; True and False, which Python counts among them, are not."""
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind)


@dataclass(frozen=True)
class Patching(Settings):
    """Where a picture is looked at.

    :param patch_pixels: side of a patch.
    :param most_patches: patches of one picture at most.
    :param grid_levels: evenly spaced levels: those whose features are measured once a picture where they are stored,
        those of held-out pictures, and those that the search `grid` asks.
    """

    least = {"patch_pixels": 32, "most_patches": 1, "grid_levels": 4}

    patch_pixels: int = 128
    most_patches: int = 48
    grid_levels: int = 20


@dataclass(frozen=True)
class Looking(Patching):
    """How a pretrained backbone looks at a picture.

    :param backbone: a name of `baselines.learned.network.weights.BACKBONES`, or `auto`.
    :param weights: of the backbone: empty for ImageNet's, a file, or `none` for random ones (an ablation).
    :param token_cells: tokens along a patch's side in every stage.
    :param pixels: whether the pixels themselves (YCbCr: mean, spread, gradient, error) are the finest stage.
    """

    choices = {"backbone": {**BACKBONES, AUTO: ""}}
    least = {"token_cells": 1}

    backbone: str = "efficientnet-lite0"
    weights: str = ""
    token_cells: int = 2
    pixels: bool = True


@dataclass(frozen=True)
class Teaching(Patching):
    """How a network is trained, and how a level is found with it.

    :param label: one of `baselines.learned.network.labels.LABELS`.
    :param loss: one of `LOSSES`.
    :param epochs: at most; the best one on the sources held out counts.
    :param patience: epochs without a better one after which training stops.
    :param learning_rate: of AdamW, the peak of a one-cycle schedule (Smith & Topin 2017).
    :param weight_decay: of AdamW.
    :param batch: levels of pictures a step.
    :param accumulate: batches whose gradients are added up before a step, where memory is short.
    :param levels_per_picture: drawn anew every epoch, near a picture's JND more often than far from it.
    :param patches_per_picture: drawn anew for every level.
    :param search: a name of `baselines.learned.network.search.strategies.STRATEGIES`.
    :param evidence: how many independent answers all levels together are worth in the search's fit.
    """

    choices = {"label": LABELS, "loss": LOSSES, "search": STRATEGIES}
    least = {
        "epochs": 1,
        "patience": 1,
        "batch": 1,
        "accumulate": 1,
        "levels_per_picture": 1,
        "patches_per_picture": 1,
    }
    positive: ClassVar[Sequence[str]] = ("learning_rate", "evidence")

    label: str = "share"
    loss: str = "cross-entropy"
    epochs: int = 16
    patience: int = 8
    learning_rate: float = 6e-3
    weight_decay: float = 1e-2
    batch: int = 96
    accumulate: int = 1
    levels_per_picture: int = 8
    patches_per_picture: int = 4
    search: str = "grid"
    evidence: float = 100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.weight_decay < float("inf"):
            raise UserError(f"{self.title}'s setting weight_decay is a number from 0 up, not {self.weight_decay!r}")

    def of_search(self) -> dict[str, Any]:
        """Those of the settings that the search takes."""
        if self.search in ("window", "bisect", "blocks"):
            return {}
        return {"evidence": self.evidence} | ({"passes": self.grid_levels} if self.search == "grid" else {})
