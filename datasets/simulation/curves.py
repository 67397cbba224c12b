"""Loss curves of many pictures. Each is stored in a file of its own, so that a kill costs one curve."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from datasets.codecs import codecs
from datasets.codecs.jpeg import Jpeg
from datasets.common.commands import progress
from datasets.common.errors import DataError, UserError
from datasets.common.files import parse_json, read_text, write_atomically
from datasets.common.hashing import sha256_of_pixels
from datasets.common.process_pool import ProcessPool
from datasets.core.codec import Codec
from datasets.core.picture import PIXELS_PER_DEGREE
from datasets.simulation.cvvdp import CvvdpLoss
from datasets.simulation.loss_metric import Loss, LossMetric
from datasets.simulation.observers import (
    PERSONAL_SHARE,
    LossCurve,
    criteria,
    evaluated_levels,
    measure_curve,
    simulated_jnds,
)


@dataclass(frozen=True)
class SimulationSettings:
    """What samples depend on besides the picture.

    :param seed: of their criteria.
    :param every: evaluate every so many levels and interpolate between them; 1 is all of the codec's.
    """

    pixels_per_degree: float = PIXELS_PER_DEGREE
    observers: int = 30
    seed: int = 0
    every: int = 4
    codec: Codec = field(default_factory=Jpeg)
    metric: LossMetric = field(default_factory=CvvdpLoss)

    def __post_init__(self) -> None:
        if not 5 <= self.pixels_per_degree <= 200:
            raise UserError(f"--pixels-per-degree is 5 to 200 (24.3 in KonJND-1k), not {self.pixels_per_degree:g}")
        if self.pixels_per_degree != PIXELS_PER_DEGREE and not self.metric.knows_geometry:
            raise UserError(
                f"--pixels-per-degree {self.pixels_per_degree:g}: {self.metric.about.title} knows no viewing geometry, "
                f"so its observers see at {PIXELS_PER_DEGREE} only. Leave the flag out."
            )
        if self.observers < 1:
            raise UserError(f"--observers is 1 or more, not {self.observers}")
        if not 1 <= self.every <= 20:
            raise UserError(f"--every is 1 (exact) to 20, not {self.every}")
        if not self.codec.can_encode:
            can = ", ".join(name for name, codec in codecs().items() if codec.can_encode)
            raise UserError(f"--codec {self.codec.name}: {self.codec.title} cannot be encoded here. Give one of {can}")
        self.codec.check_available()

    def flags(self) -> dict[str, object]:
        """As the command's flags say them. JPEG and ColorVideoVDP are not said, as in sets older than these flags."""
        flags = {name: getattr(self, name) for name in ("pixels_per_degree", "observers", "seed", "every")}
        if self.codec != Jpeg():
            flags["codec"] = self.codec.name
        if self.metric != CvvdpLoss():
            flags["metric"] = self.metric.about.name
        return flags

    def made_with(self) -> dict[str, object]:
        """What a loss curve depends on besides the picture: constants, libraries and their versions.

        :raises UserError: where the metric's package is not installed.
        """
        return {
            **self.metric.made_with(self.pixels_per_degree),
            "jpeg_library" if self.codec == Jpeg() else "codec_library": self.codec.library(),
            "every": self.every,
        }

    def observed_with(self) -> dict[str, object]:
        """What samples depend on besides the loss curve."""
        return {
            "observers": self.observers,
            "seed": self.seed,
            **self.metric.constants(self.codec),
            "personal_share": PERSONAL_SHARE,
        }

    def jnds(self, name: str, curve: LossCurve) -> np.ndarray:
        """The observers' samples on a picture of this name, shape (observers,), int."""
        return simulated_jnds(curve, criteria(name, self.observers, self.seed, self.codec, self.metric))


@dataclass(frozen=True)
class CurveJob:
    """A picture whose curve is to be measured.

    :param read: gives its pixels, uint8 RGB, shape (height, width, 3); can be sent to another process.
    """

    name: str
    read: Callable[[], np.ndarray]


@dataclass(frozen=True)
class MeasuredCurve:
    """What became of a job.

    :param curve: None where it failed.
    :param pixels: hash of the pixels that were measured.
    """

    name: str
    curve: LossCurve | None = None
    pixels: str = ""
    error: str = ""


def measure_all(
    jobs: Sequence[CurveJob], folder: Path, settings: SimulationSettings, *, workers: int
) -> Iterator[MeasuredCurve]:
    """The curves of all jobs, in any order: from `folder` where they were measured before on the same pixels.

    :param folder: holds a JSON file a picture, written whole or not at all as each is measured.
    :param workers: processes; each uses one core.
    """
    made_with = settings.made_with()
    todo = []
    for job in jobs:
        stored = _stored(folder / f"{job.name}.json", job, made_with, settings)
        if stored is None:
            todo.append(job)
        else:
            yield stored
    measure = functools.partial(_measure, settings=settings)
    for measured in progress(_run(measure, todo, workers), "simulating observers", len(todo)):
        if measured.curve is not None:
            about = {"picture": measured.name, "pixels": measured.pixels, "made_with": made_with}
            content = {**about, "levels": measured.curve.levels, settings.metric.loss_name: measured.curve.loss}
            write_atomically(folder / f"{measured.name}.json", json.dumps(content) + "\n")
        yield measured


def _measure(job: CurveJob, *, settings: SimulationSettings) -> MeasuredCurve:
    try:
        pixels = job.read()
        loss = _loss(settings.metric, settings.pixels_per_degree)
        curve = measure_curve(pixels, loss, every=settings.every, codec=settings.codec)
    except Exception as error:  # one bad picture must not end a night's work; it is reported at the end
        if isinstance(error, UserError) and not isinstance(error, DataError):
            raise
        return MeasuredCurve(job.name, error=f"{type(error).__name__}: {error}")
    return MeasuredCurve(job.name, curve, f"sha256:{sha256_of_pixels(pixels)}")


@functools.lru_cache(maxsize=1)
def _loss(metric: LossMetric, pixels_per_degree: float) -> Loss:
    return metric.loss(pixels_per_degree)


def _run(
    measure: Callable[[CurveJob], MeasuredCurve], jobs: Sequence[CurveJob], workers: int
) -> Iterator[MeasuredCurve]:
    if workers == 1 or len(jobs) <= 1:
        yield from map(measure, jobs)
        return
    with ProcessPool(min(workers, len(jobs))) as pool:
        yield from pool.unordered(measure, jobs)


def _stored(
    path: Path, job: CurveJob, made_with: Mapping[str, object], settings: SimulationSettings
) -> MeasuredCurve | None:
    """A curve that was measured before; None where it is damaged, or of other pixels or made with something else."""
    try:
        content = parse_json(read_text(path, ""))
        losses = tuple(map(float, content[settings.metric.loss_name]))
        curve = LossCurve(tuple(map(int, content["levels"])), losses, settings.codec)
        levels = evaluated_levels(settings.every, settings.codec)
        whole = curve.levels == levels and len(losses) == len(levels)
        same = content["made_with"] == dict(made_with) and content["pixels"] == f"sha256:{sha256_of_pixels(job.read())}"
    except (ValueError, KeyError, TypeError, OverflowError, UserError):
        return None
    return (
        MeasuredCurve(job.name, curve, content["pixels"]) if whole and same and np.isfinite(curve.loss).all() else None
    )
