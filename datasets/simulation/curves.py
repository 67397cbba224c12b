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
from datasets.simulation.local_loss import PHOTOMETRY, REGION_DEGREES, LocalLoss, cvvdp_version
from datasets.simulation.observers import (
    LOG_SIGMA,
    PERSONAL_SHARE,
    REGION_FACTOR,
    LossCurve,
    criteria,
    evaluated_levels,
    measure_curve,
    one_jnd_loss_jod,
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

    def __post_init__(self) -> None:
        if not 5 <= self.pixels_per_degree <= 200:
            raise UserError(f"--pixels-per-degree is 5 to 200 (24.3 in KonJND-1k), not {self.pixels_per_degree:g}")
        if self.observers < 1:
            raise UserError(f"--observers is 1 or more, not {self.observers}")
        if not 1 <= self.every <= 20:
            raise UserError(f"--every is 1 (exact) to 20, not {self.every}")
        if not self.codec.can_encode:
            can = ", ".join(name for name, codec in codecs().items() if codec.can_encode)
            raise UserError(f"--codec {self.codec.name}: {self.codec.title} cannot be encoded here. Give one of {can}")
        self.codec.check_available()

    def flags(self) -> dict[str, object]:
        """As the command's flags say them. JPEG is not said, as in sets that are older than the flag."""
        flags = {name: getattr(self, name) for name in ("pixels_per_degree", "observers", "seed", "every")}
        return flags if self.codec == Jpeg() else {**flags, "codec": self.codec.name}

    def made_with(self) -> dict[str, object]:
        """What a loss curve depends on besides the picture: constants, libraries and their versions.

        :raises UserError: where ColorVideoVDP is not installed.
        """
        return {
            "metric": f"ColorVideoVDP, package cvvdp {cvvdp_version()}",
            "display": PHOTOMETRY,
            "pixels_per_degree": self.pixels_per_degree,
            "region_degrees": REGION_DEGREES,
            "jpeg_library" if self.codec == Jpeg() else "codec_library": self.codec.library(),
            "every": self.every,
        }

    def observed_with(self) -> dict[str, object]:
        """What samples depend on besides the loss curve."""
        return {
            "observers": self.observers,
            "seed": self.seed,
            "one_jnd_loss_jod": one_jnd_loss_jod(self.codec),
            "region_factor": REGION_FACTOR,
            "log_sigma": LOG_SIGMA,
            "personal_share": PERSONAL_SHARE,
        }

    def jnds(self, name: str, curve: LossCurve) -> np.ndarray:
        """The observers' samples on a picture of this name, shape (observers,), int."""
        return simulated_jnds(curve, criteria(name, self.observers, self.seed, self.codec))


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
            content = {**about, "levels": measured.curve.levels, "loss_jod": measured.curve.loss_jod}
            write_atomically(folder / f"{measured.name}.json", json.dumps(content) + "\n")
        yield measured


def _measure(job: CurveJob, *, settings: SimulationSettings) -> MeasuredCurve:
    try:
        pixels = job.read()
        loss = _loss(settings.pixels_per_degree)
        curve = measure_curve(pixels, loss, every=settings.every, codec=settings.codec)
    except Exception as error:  # one bad picture must not end a night's work; it is reported at the end
        if isinstance(error, UserError) and not isinstance(error, DataError):
            raise
        return MeasuredCurve(job.name, error=f"{type(error).__name__}: {error}")
    return MeasuredCurve(job.name, curve, f"sha256:{sha256_of_pixels(pixels)}")


@functools.lru_cache(maxsize=1)
def _loss(pixels_per_degree: float) -> Callable[[np.ndarray, np.ndarray], float]:
    return LocalLoss(pixels_per_degree).largest


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
        curve = LossCurve(tuple(map(int, content["levels"])), tuple(map(float, content["loss_jod"])), settings.codec)
        levels = evaluated_levels(settings.every, settings.codec)
        whole = curve.levels == levels and len(curve.loss_jod) == len(levels)
        same = content["made_with"] == dict(made_with) and content["pixels"] == f"sha256:{sha256_of_pixels(job.read())}"
    except (ValueError, KeyError, TypeError, OverflowError, UserError):
        return None
    return (
        MeasuredCurve(job.name, curve, content["pixels"])
        if whole and same and np.isfinite(curve.loss_jod).all()
        else None
    )
