"""Codec next to codec: the bytes that each needs at the JND of the same pictures, by observers and by predictors.

Levels, and so errors, of two codecs have no common unit and are never compared. Bytes have one. Equal visibility means
that each codec stands at its own JND of the picture.

A saving is 1 minus the geometric mean of the pictures' ratios of bytes. Bjontegaard's rate differences average rates in
the same way, as logarithms (VCEG-M33, 2001): large pictures do not outweigh small ones, and exchanging the two codecs
gives the inverse ratio. Intervals resample sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from datasets.codecs import codecs
from protocols.scoring.bootstrap import mean_interval
from reports.results.codec_groups import alike_sections
from reports.results.row import CONTROL
from reports.results.section import Section

_DECIMALS = 12
"""Of a logarithm of bytes: what lies below is rounding."""


@final
@dataclass(frozen=True)
class CodecBytes:
    """What a codec needs at the JNDs that a row gives.

    :param bytes: geometric mean over the pictures that have an answer in every codec of the row.
    :param true_bytes: the same at the true JNDs of these pictures.
    :param saving: share of the reference's bytes that is saved, below 0 where the codec needs more; `true_saving` the
        same at the true JNDs. None for the reference, and in rows without it.
    :param low: lower end of the saving's 95 % interval, `high` the upper; None for fewer than two sources, too.
    """

    codec: str
    bytes: float
    true_bytes: float
    saving: float | None = None
    true_saving: float | None = None
    low: float | None = None
    high: float | None = None


@final
@dataclass(frozen=True)
class CodecRow:
    """One predictor in several codecs, or the truth.

    :param predictor: empty for the truth.
    :param codecs: those in which it has predictions, the reference first; two or more.
    :param pictures: all, failed ones too; `failed` how many lack an answer in one of the codecs or more.
    :param ratio_error: how far the ratio of bytes to the reference's is off on a picture: the geometric mean of the
        factors, minus 1. None for the truth and without the reference.
    """

    predictor: str
    codecs: tuple[CodecBytes, ...]
    pictures: int
    failed: int
    ratio_error: float | None = None

    @property
    def is_control(self) -> bool:
        """Whether this is the constant."""
        return self.predictor == CONTROL

    @property
    def order(self) -> list[str]:
        """Its codecs, the smallest files first."""
        return [entry.codec for entry in sorted(self.codecs, key=lambda entry: entry.bytes)]

    @property
    def has_true_order(self) -> bool:
        """Whether the order is the same at the true JNDs of the same pictures."""
        return self.order == [entry.codec for entry in sorted(self.codecs, key=lambda entry: entry.true_bytes)]

    def of(self, codec: str) -> CodecBytes | None:
        """What it says of a codec; None where it has no prediction there."""
        return next((entry for entry in self.codecs if entry.codec == codec), None)


@final
@dataclass(frozen=True)
class CodecComparison:
    """Sections that differ in their codec alone.

    :param sections: of the same pictures, one a codec; the reference first: JPEG where it is there.
    :param truth: bytes at the true JNDs: what the codecs need at equal visibility, as the observers have it.
    :param rows: predictors of two codecs or more: whole ones by `ratio_error`, then partly failed ones.
    :param true_bytes: encoded size at the true JND, shape (codecs, pictures), NaN where it is not known.
    """

    sections: tuple[Section, ...]
    truth: CodecRow
    rows: tuple[CodecRow, ...]
    true_bytes: np.ndarray

    @property
    def reference(self) -> Section:
        """What the others are read against."""
        return self.sections[0]

    @property
    def title(self) -> str:
        """Codecs, data set and settings in one line."""
        first = self.reference
        limited = f"{first.limited}. " if first.limited else ""
        return f"{limited}{self.heading}: {first.settings}"

    @property
    def heading(self) -> str:
        """Codecs and data set."""
        return f"{', '.join(codec_title(section) for section in self.sections)} on {self.reference.dataset.heading}"

    @property
    def not_told_apart(self) -> list[tuple[str, str]]:
        """Codecs next to each other in the true order whose ratio of bytes may be 1, by its 95 % interval."""
        known = np.isfinite(self.true_bytes).all(axis=0)
        sources = np.array(self.reference.grid.sources)[known]
        names = [section.dataset.codec for section in self.sections]
        logs = dict(zip(names, np.log(self.true_bytes[:, known]), strict=True))
        pairs = []
        for smaller, larger in pairwise(self.truth.order):
            low, _ = mean_interval(logs[larger] - logs[smaller], sources)
            if low is None or low <= 0:
                pairs.append((smaller, larger))
        return pairs

    @property
    def one_codec_only(self) -> list[str]:
        """Predictors of these sections that stand in no row, by name."""
        names = {row.predictor for section in self.sections for row in section.rows}
        return sorted(names - {row.predictor for row in self.rows})


def codec_title(section: Section) -> str:
    """The codec as texts say it, e.g. `WebP`."""
    return title_of_codec(section.dataset.codec)


def title_of_codec(name: str) -> str:
    """A codec's title; its name where it is not known here."""
    codec = codecs().get(name)
    return name if codec is None else codec.title


def codec_comparisons(sections: Sequence[Section]) -> list[CodecComparison]:
    """One for every set of sections that differ in their codec alone."""
    groups = (members for alike in alike_sections(sections) for members in alike if len(members) > 1)
    return [comparison for members in groups if (comparison := _comparison(members)) is not None]


def _comparison(sections: Sequence[Section]) -> CodecComparison | None:
    sources = np.array(sections[0].grid.sources)
    true_bytes = np.stack([section.grid.of_any("true_bytes") for section in sections])
    truth = _row("", [section.dataset.codec for section in sections], true_bytes, true_bytes, sources)
    if truth is None:
        return None
    names = sorted({row.predictor for section in sections for row in section.rows})
    rows = [row for name in names if (row := _predictor_row(name, sections, true_bytes, sources)) is not None]
    rows.sort(key=lambda row: (row.failed > 0, np.inf if row.ratio_error is None else row.ratio_error, row.predictor))
    return CodecComparison(tuple(sections), truth, tuple(rows), true_bytes)


def _predictor_row(
    predictor: str, sections: Sequence[Section], true_bytes: np.ndarray, sources: np.ndarray
) -> CodecRow | None:
    predicted, places = [], []
    for place, section in enumerate(sections):
        row = next((row for row in section.rows if row.predictor == predictor and not row.has_failed), None)
        if row is not None:
            places.append(place)
            predicted.append(section.grid.values["predicted_bytes"][section.grid.predictors.index(predictor)])
    if len(places) < 2:
        return None
    names = [sections[place].dataset.codec for place in places]
    return _row(predictor, names, np.stack(predicted), true_bytes[places], sources, has_reference=places[0] == 0)


def _row(
    predictor: str,
    names: Sequence[str],
    bytes_: np.ndarray,
    true_bytes: np.ndarray,
    sources: np.ndarray,
    *,
    has_reference: bool = True,
) -> CodecRow | None:
    """A row; None where no picture has an answer in all its codecs.

    :param bytes_: at the row's JNDs, shape (codecs, pictures), NaN where it failed; `true_bytes` at the true ones.
    """
    known = np.isfinite(bytes_).all(axis=0) & np.isfinite(true_bytes).all(axis=0)
    if not known.any():
        return None
    logs, true_logs = np.log(bytes_[:, known]), np.log(true_bytes[:, known])
    ratios, true_ratios = (np.round(values - values[0], _DECIMALS) for values in (logs, true_logs))
    entries = []
    for place, name in enumerate(names):
        means = float(np.exp(logs[place].mean())), float(np.exp(true_logs[place].mean()))
        if not has_reference or place == 0:
            entries.append(CodecBytes(name, *means))
            continue
        ends = mean_interval(ratios[place], sources[known])
        high, low = (None if end is None else _saving(end) for end in ends)
        savings = _saving(ratios[place].mean()), _saving(true_ratios[place].mean())
        entries.append(CodecBytes(name, *means, *savings, low, high))
    error = float(np.expm1(np.abs(ratios - true_ratios)[1:].mean())) if predictor and has_reference else None
    return CodecRow(predictor, tuple(entries), len(known), int((~known).sum()), error)


def _saving(log_ratio: float) -> float:
    return -float(np.expm1(log_ratio))
