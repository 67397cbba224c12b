"""The predictor interface, shaped like scikit-learn's (cheap constructor, `fit`, `predict`), and what it answers."""

from __future__ import annotations

import contextlib
import inspect
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np
from typing_extensions import Self, dataclass_transform

from baselines.interface.card import Card
from datasets.common.cache import StoredArrays
from datasets.common.code import code_sha256, content_sha256, known_code, require_code
from datasets.common.contents import NoContentError
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture import Picture

Meter = Callable[[int], float]
"""A function of a level: what a predictor measures there."""


class NotFittedError(UserError, AttributeError):
    """Something that `fit` learns was asked for before `fit`."""


@final
@dataclass(frozen=True, eq=False)
class Prediction:
    """A predicted JND.

    :param level: where people begin to notice, within the codec's range; fractions allowed.
    :param sur: share of satisfied people from the worst to the best level, shape (levels,), rising; None where unknown.
    :param clipped: whether the level was cut off at an end of the codec's range.
    :param reused_ms: what results that `predict` found on disk took when they were computed, in milliseconds. A
        method's cost is what it takes the first time. NaN where nobody knows.
    """

    level: float
    sur: np.ndarray | None = None
    clipped: bool = False
    reused_ms: float = 0.0

    @staticmethod
    def at(codec: Codec, position: float, *, sur: np.ndarray | None = None, clipped: bool = False) -> Prediction:
        """A prediction at a position, counted from the worst level and cut off at the ends of the codec's range.

        :param clipped: whether it was cut off before; it also is where the position lies outside the range.
        """
        inside = min(max(position, 0.0), len(codec.levels) - 1.0)
        return Prediction(float(codec.level_at(inside)), sur, bool(clipped or inside != position))

    @staticmethod
    def of(answer: Prediction | float) -> Prediction:
        """What a predictor answered, where a plain number is taken as a level.

        :raises TypeError: where it is neither.
        :raises ValueError: likewise, for a text.
        """
        return answer if isinstance(answer, Prediction) else Prediction(float(answer))


@final
@dataclass(frozen=True)
class MeasurementKey:
    """What a measurement depends on besides the picture and the predictor's ingredients.

    :param code: the class whose source decides what is measured; a shared base class where methods measure the same.
    :param parameters: those of its parameters that do.
    """

    code: type
    parameters: Mapping[str, Any]

    def __str__(self) -> str:
        """Differs where anything differs that it depends on.

        :raises NoContentError: where that cannot be known.
        """
        contents = content_sha256(self.parameters), code_sha256(self.code)
        return f"{self.code.__module__}:{self.code.__qualname__} {' '.join(contents)}"


_MEASURING = ("measure", "meter", "from_profile", "profile", "visibility", "extractor", "needs_summary")


_CODE, _NAMED, _MADE_BY = "_code_", "_named_", "_made_by_"  # attributes besides parameters and what `fit` learned


@dataclass_transform(kw_only_default=True, eq_default=False)
class JNDPredictor(ABC):
    """Given a picture, at which level do people begin to notice the compression?

    A subclass is final and has a `card`. Its annotated fields are its parameters: every subclass is a keyword-only
    dataclass, whose fields all have defaults. Nothing else happens when it is made. What `fit` learns is stored under
    names that end in an underscore.
    """

    card: ClassVar[Card]

    expected_failures: ClassVar[Mapping[str, str]] = {}
    """Checks of `baselines.check` that this method cannot pass: the check's name, and the reason for people."""

    quick: ClassVar[Mapping[str, Any]] = {}
    """Parameters under which a costly method can be checked in seconds; `baselines.check` uses them, no run does."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name in ("__init__", "__new__"):
            if name in vars(cls):
                raise TypeError(f"{cls.__name__} has an {name}: write its parameters as annotated fields with defaults")
        dataclass(kw_only=True, eq=False)(cls)
        if fault := constructor_fault(cls):
            raise TypeError(f"{cls.__name__}: {fault}")

    @classmethod
    def variants(cls) -> Mapping[str, Mapping[str, Any]]:
        """Registered names and the parameters each stands for; the card's name with none unless overridden."""
        return {cls.card.name: {}}

    @classmethod
    def cost_of(cls, parameters: Mapping[str, Any]) -> str:
        """What one of the `variants` costs, one of `COSTS`; the card's cost unless overridden."""
        return cls.card.cost

    @classmethod
    def labels_of(cls, parameters: Mapping[str, Any]) -> str:
        """The data set whose labels gave one of the `variants` its parameters; empty where none did.

        On that set the method is no fair comparison, and tables say so.
        """
        return ""

    def unavailable(self) -> str:
        """Why it cannot run here (a program, a package or a weight file is missing), and what to do; mostly empty."""
        return ""

    def refuses(self, codec: Codec) -> str:
        """Why it has no answer on a codec, whatever the picture; mostly empty."""
        return ""

    @final
    def check_codec(self, codec: Codec) -> None:
        """:raises UserError: where it refuses the codec."""
        if why := self.refuses(codec):
            raise UserError(f"{self.card.name} has no answer on {codec.label}: {why}")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, _CODE: known_code(type(self)), _NAMED: None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        require_code(type(self), state.pop(_CODE, ""))
        self.__dict__.update(state)

    @final
    def get_params(self) -> dict[str, Any]:
        """The parameters with their present values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    if not TYPE_CHECKING:  # to a type checker every attribute would exist

        def __getattr__(self, name: str) -> Any:
            if name.endswith("_") and not name.startswith("_"):
                raise NotFittedError(f"{self.card.name} has no {name!r} yet: call fit(pictures, levels, seed=0) first")
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @abstractmethod
    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        """Learn from rated pictures.

        :param pictures: training pictures, with their samples.
        :param levels: their true levels under the run's truth, shape (pictures,), float.
        :param seed: the only source of randomness.
        """

    @abstractmethod
    def predict(self, picture: Picture) -> Prediction | float:
        """The level at which people begin to notice, with the SUR curve where the method knows it.

        :param picture: comes without samples.
        :returns: a plain number stands for a prediction that has a level alone.
        """

    def remark(self, picture: Picture) -> str:
        """One sentence that a reader of the run should know of how this picture was measured; mostly empty."""
        return ""

    def meter(self, picture: Picture) -> Meter | None:
        """A function of a level, for a method that measures every level's pixels; None for all others.

        The run decodes each level once, from the worst to the best, and calls the meters of all predictors with it.
        Meanwhile `picture.ladder` gives that level's pixels without decoding.
        """
        return None

    def from_profile(self, picture: Picture, profile: np.ndarray) -> Mapping[str, np.ndarray]:
        """The measurement that follows from the meter's values at all levels.

        :param profile: from the worst to the best level, shape (levels,).
        """
        return {"profile": profile}

    def measure(self, picture: Picture) -> Mapping[str, np.ndarray]:
        """Whatever costs time and depends on the picture and the parameters, not on the fold, as arrays by name.

        Called at most once a picture (possibly in another process) however many folds and truths there are. Where there
        is a `meter`, this is what it gives; a method with neither measures nothing. An array `ms` says what measuring
        took when it was done; where there is none, the run's clock says it.
        """
        meter = self.meter(picture)
        if meter is None:
            return {}
        return self.from_profile(picture, np.array([meter(step.level) for step in picture.ladder.steps()]))

    def needs_summary(self, picture: Picture) -> bool:
        """Whether `measure` asks for `picture.summary()`, so that the pass over the ladder is part of its cost."""
        return False

    def measurement_key(self) -> MeasurementKey:
        """What `measure` depends on besides the picture and the ingredients."""
        return MeasurementKey(type(self), self.get_params())

    def ingredients(self) -> Mapping[str, str]:
        """What predictions depend on besides parameters, data and code, by name: the hash of a weight file, say.

        Part of a stored run's key, so that another file makes it stale.
        """
        return {}

    @final
    def measurement(self, picture: Picture) -> Mapping[str, np.ndarray]:
        """What `measure` gave for the picture; measured now where it was not measured before.

        Large measurements lie on disk and are read at each call.
        """
        key = self.measured_as
        values = picture.measurements.get(key)
        if isinstance(values, StoredArrays):
            with contextlib.suppress(FileNotFoundError):  # then it is measured again
                return values.read()
            values = None
        if values is None:
            values = picture.measurements[key] = self.measure(picture)
        return values

    @final
    def measured_with(self) -> MeasurementKey:
        """`measurement_key`, of this class where it measures otherwise than the class that it shares the key with."""
        key = self.measurement_key()
        own = any(getattr(type(self), name, None) is not getattr(key.code, name, None) for name in _MEASURING)
        return MeasurementKey(type(self), key.parameters) if own else key

    @final
    @property
    def measured_as(self) -> str:
        """Names what is measured within a run: the same for predictors that measure the same, else another.

        Of parameters whose content cannot be known, the predictors of one entry of the run have the same.
        """
        key = self.measured_with()
        values = (key.code, *key.parameters, *key.parameters.values())
        before, name = self.__dict__.get(_NAMED) or ((), "")
        if len(before) != len(values) or any(old is not new for old, new in zip(before, values, strict=True)):
            try:
                name = str(key)
            except NoContentError:
                name = f"{key.code.__module__}:{key.code.__qualname__} {self.made_by()}"
            self.__dict__[_NAMED] = values, name
        return name

    @final
    def made_by(self, entry: str = "") -> str:
        """Names the entry of a run that this was made for, in any process; `entry` sets it."""
        if entry:
            self.__dict__[_MADE_BY] = entry
        return str(self.__dict__.setdefault(_MADE_BY, secrets.token_hex(8)))

    @final
    @classmethod
    def measures(cls) -> bool:
        """Whether it measures anything of a picture, or learns from truths alone."""
        return cls.measure is not JNDPredictor.measure or cls.meter is not JNDPredictor.meter


def constructor_fault(predictor: type[JNDPredictor]) -> str:
    """Why a class cannot be told by its parameters; empty where its constructor takes exactly its fields."""
    taken = {name for name in inspect.signature(predictor).parameters if name != "self"}
    known = {field.name for field in fields(predictor)}  # type: ignore[arg-type]
    more, names = ", ".join(sorted(taken - known)) or "less", ", ".join(sorted(known))
    advice = "Write its parameters as annotated fields with defaults, without **kwargs, InitVar or init=False."
    fault = f"its constructor takes {more} besides its fields ({names}), so stored runs cannot say what they ran."
    return "" if taken == known else f"{fault} {advice}"
