"""Settings of learned predictors: frozen, checked, made from names and values, each documented with its reason.

A predictor's own settings are one frozen dataclass that joins the parts it needs and adds its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from typing_extensions import Self

from baselines.learned.network.imagenet_weights import AUTO, BACKBONES
from baselines.learned.network.patches import PLACES
from baselines.learned.network.search import STRATEGIES
from baselines.learned.network.training_set import LABELS
from datasets.common.errors import UserError, check_name

LOSSES = {
    "cross-entropy": "of the probability against the label; proper, and steep where a confident answer is wrong",
    "squared": "squared difference of the two (Brier score); proper, and forgiving",
}
FLOAT32, BFLOAT16 = "float32", "bfloat16"
PRECISIONS = {
    FLOAT32: "the same answer on every processor, but for the last digits",
    BFLOAT16: "faster on some processors; moves a JND by up to 0.7 QF",
}
LARGEST_COUNT = 1 << 20
"""Of a whole number: settings come from files of trained networks, too."""
_KINDS = {bool: "True or False", float: "a number", str: "a word"}


@dataclass(frozen=True)
class Settings:
    """Checks the type of every field, and the range of those that say one (`count`, `choice`, `positive`, `share`).

    :raises UserError: for a value of another type, or out of range; the text names the setting.
    """

    title: ClassVar[str] = "this predictor"
    """Whose settings they are, for people."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, kind = getattr(self, field.name), type(field.default)
            if kind in _KINDS and not _is_a(value, kind):
                raise UserError(f"{self.title}'s setting {field.name} is {_KINDS[kind]}, not {value!r}")
            if "check" in field.metadata:
                field.metadata["check"](self.title, field.name, value)

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None, **defaults: Any) -> Self:
        """The defaults with some settings changed.

        :raises UserError: for a setting that does not exist, or a value out of range.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in settings or {}:
            check_name(f"setting of {cls.title}", name, known)
        return cls(**{**defaults, **(settings or {})})


def count(default: int, *, least: int = 1) -> Any:
    """A field that holds a whole number, `least` or more."""

    def check(title: str, name: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise UserError(f"{title}'s setting {name} is a whole number from {least} up, not {value!r}")
        if value > LARGEST_COUNT:
            raise UserError(f"{title}'s setting {name} is at most {LARGEST_COUNT}: more would fill any memory")

    return _checked(default, check, least=least)


def choice(default: str, known: Collection[str]) -> Any:
    """A field that holds one of some words."""

    def check(title: str, name: str, value: Any) -> None:
        check_name(f"{name} of {title}", value, known)

    return _checked(default, check)


def positive(default: float, *, zero: bool = False) -> Any:
    """A field that holds a finite number above 0, or from 0 up where `zero` is allowed."""

    def check(title: str, name: str, value: Any) -> None:
        if not (0 < value < float("inf") or (zero and value == 0)):
            raise UserError(f"{title}'s setting {name} is a number {'from 0 up' if zero else 'above 0'}, not {value!r}")

    return _checked(default, check)


def share(default: float) -> Any:
    """A field that holds a number from 0 to below 1."""

    def check(title: str, name: str, value: Any) -> None:
        if not 0 <= value < 1:
            raise UserError(f"{title}'s {name} is a share from 0 to below 1, not {value!r}")

    return _checked(default, check)


def _checked(default: object, check: Callable[[str, str, Any], None], **more: object) -> Any:
    return dataclasses.field(default=default, metadata={"check": check, **more})


def _is_a(value: object, kind: type) -> bool:
    """Whole numbers are numbers; True and False, which Python counts among them, are not."""
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind)


@dataclass(frozen=True)
class PatchSettings(Settings):
    """Which patches and levels of a picture are used, and how exactly a network computes with them.

    :param patch_pixels: side of a patch.
    :param most_patches: patches of one picture at most.
    :param places: where they lie, one of `baselines.learned.network.patches.PLACES`.
    :param grid_levels: evenly spaced levels: those whose features are measured once a picture where they are stored,
        those of held-out pictures, and those that the search `grid` asks.
    :param precision: one of `PRECISIONS`: of features, and of the training of networks on pixels.
    """

    patch_pixels: int = count(128, least=32)
    most_patches: int = count(48)
    places: str = choice("cover", PLACES)
    grid_levels: int = count(20, least=4)
    precision: str = choice(FLOAT32, PRECISIONS)

    @property
    def bf16(self) -> bool:
        """Whether bfloat16 is asked for."""
        return self.precision == BFLOAT16


@dataclass(frozen=True)
class FeatureSettings(PatchSettings):
    """Which features a pretrained backbone gives of a picture.

    :param backbone: a name of `baselines.learned.network.imagenet_weights.BACKBONES`, or `auto`.
    :param weights: of the backbone: empty for ImageNet's, a file, or `none` for random ones (an ablation).
    :param token_cells: tokens along a patch's side in every stage.
    :param pixels: whether the pixels themselves (YCbCr: mean, spread, gradient, error) are the finest stage.
    """

    backbone: str = choice("efficientnet-lite0", (*BACKBONES, AUTO))
    weights: str = ""
    token_cells: int = count(2)
    pixels: bool = True


@dataclass(frozen=True)
class TrainingSettings(PatchSettings):
    """How a network is trained, and how a level is found with it.

    :param label: one of `baselines.learned.network.training_set.LABELS`.
    :param loss: one of `LOSSES`.
    :param epochs: at most; the best one on the sources held out counts.
    :param patience: epochs without a better one after which training stops.
    :param learning_rate: of AdamW, the peak of a one-cycle schedule (Smith & Topin 2017).
    :param weight_decay: of AdamW.
    :param batch: levels of pictures a step.
    :param accumulate: batches whose gradients are added up before a step, where memory is short.
    :param levels_per_picture: drawn anew every epoch, near a picture's JND more often than far from it.
    :param patches_per_picture: drawn anew for every level.
    :param search: a name of `baselines.learned.network.search.STRATEGIES`.
    :param evidence: how many independent answers all levels together are worth in the search's fit.
    """

    label: str = choice("share", LABELS)
    loss: str = choice("cross-entropy", LOSSES)
    epochs: int = count(16)
    patience: int = count(8)
    learning_rate: float = positive(6e-3)
    weight_decay: float = positive(1e-2, zero=True)
    batch: int = count(96)
    accumulate: int = count(1)
    levels_per_picture: int = count(8)
    patches_per_picture: int = count(4)
    search: str = choice("grid", STRATEGIES)
    evidence: float = positive(100.0)

    def of_search(self) -> dict[str, Any]:
        """Those of the settings that the search takes."""
        if self.search in ("window", "bisect", "blocks"):
            return {}
        return {"evidence": self.evidence} | ({"passes": self.grid_levels} if self.search == "grid" else {})
