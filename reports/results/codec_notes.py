"""What stands under a table of codecs, in sentences: what it shows, what is missing, what it does not mean."""

from __future__ import annotations

from collections.abc import Iterator

from datasets.simulation.observers import LOSS_METRICS
from protocols.scoring.pairs import FEW_SOURCES
from reports.results.codecs import CodecBytes, CodecComparison, codec_title, title_of_codec
from reports.results.written import decimal, ends


def codec_notes(comparison: CodecComparison) -> list[str]:
    """What the numbers show, then what a reader must know of them."""
    return [*_findings(comparison), *_caveats(comparison)]


def _findings(comparison: CodecComparison) -> Iterator[str]:
    truth, reference = comparison.truth, comparison.reference
    savings = "; ".join(_saving_text(entry) for entry in truth.codecs[1:])
    yield (
        f"At the true JNDs, against {codec_title(reference)}: {savings} (95 % interval; {truth.pictures} pictures of "
        f"{reference.sources} sources)."
    )
    order = ", ".join(map(title_of_codec, truth.order))
    pairs = [" and ".join(map(title_of_codec, pair)) for pair in comparison.not_told_apart]
    apart = f" Not told apart by these pictures: {'; '.join(pairs)}." if pairs else ""
    yield f"Order at the true JNDs, smallest files first: {order}.{apart}"
    turned = sum(not row.has_true_order for row in comparison.rows)
    if turned:
        yield f"{turned} of {len(comparison.rows)} predictors give their codecs another order."
    failing = [f"{row.predictor or 'true JNDs'} ({row.failed})" for row in (truth, *comparison.rows) if row.failed]
    if failing:
        yield (
            "Failed in one of the codecs or more, so counted in n and left out of bytes and savings: "
            f"{', '.join(failing)}. Their rows stand below the whole ones."
        )
    if comparison.one_codec_only:
        yield f"Answered in one codec alone, so not here: {', '.join(comparison.one_codec_only)}."


def _saving_text(entry: CodecBytes) -> str:
    saving, low, high = entry.saving or 0.0, entry.low, entry.high
    between = ends(low, high, 100, 1)
    if saving >= 0 or low is None or high is None:
        amount = f"saves {decimal(100 * saving, 1)} %"
    else:
        amount, between = f"needs {decimal(-100 * saving, 1)} % more", ends(-high, -low, 100, 1)
    return f"{title_of_codec(entry.codec)} {amount}{f' {between}' if between else ''}"


def _caveats(comparison: CodecComparison) -> Iterator[str]:
    reference = comparison.reference
    yield (
        f"Equal visibility means that each codec stands at its own JND of each picture (truth "
        f"{reference.identity.truth}). Its level there says nothing beside another codec's level."
    )
    if reference.dataset.is_simulated:
        yield (
            "Nobody has looked at these pictures. The observers are simulated, so are the JNDs, and so are the "
            "savings: they say nothing of people."
        )
        shares_of = {metric.about.samples: metric.share_of_jpegs_loss for metric in LOSS_METRICS.values()}
        shares = shares_of.get(reference.dataset.samples, {})
        scaled = [
            f"{shares[section.dataset.codec]:g} for {codec_title(section)}"
            for section in comparison.sections
            if section.dataset.codec in shares
        ]
        if scaled:
            yield (
                f"A simulated observer's criterion is JPEG's, times {' and '.join(scaled)}. That factor is ours, and "
                "the true bytes follow from it (docs/codecs.md)."
            )
    encoders = "; ".join(
        f"{codec_title(section)}: {section.rows[0].record.decoder}"
        for section in comparison.sections
        if section.rows[0].record.decoder not in ("", "none")
    )
    yield (
        "Bytes are those of whole files; in small pictures headers count. Encoder settings are fixed for the "
        f"benchmark, and others give other bytes.{f' {encoders}.' if encoders else ''}"
    )
    if comparison.rows:
        yield (
            "A method that is fitted on each codec's samples learns from them how the codecs compare on average, as "
            "the constant does. What it knows of a picture shows in 'off by picture', by which the rows are sorted."
        )
    if 1 < reference.sources < FEW_SOURCES:
        yield f"Intervals from {reference.sources} sources are too narrow: trust them from {FEW_SOURCES} sources on."
