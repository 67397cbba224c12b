"""Where a photograph's compression shows first: patch qualities and weights, drawn over it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from datasets.common.commands import default_matplotlib
from datasets.core.codec import Codec
from sgjnd.answer import named, photograph
from sgjnd.predictors import SgJndPredictor

_LONGEST_SIDE = 900
"""Pixels of the drawn picture at most: an explanation is for screens, not for print."""


def explain(predictor: SgJndPredictor, codec: Codec, path: Path, level: int) -> bytes:
    """A PNG of three panels: the picture, each patch's probability that compression is noticed there, its weight.

    :param codec: that the predictor was fitted for.
    :param level: of the codec, to explain.
    """
    picture = photograph(path, codec)
    position = codec.position(level)
    probability, share = predictor.fitted_.model.patches(predictor.tokens(picture)(np.array([position])))
    patches, rgb = predictor.extractor().patches(picture), picture.reference
    maps = [
        (_over_pixels(values[0].numpy(), patches.tops, patches.lefts, patches.size, rgb.shape[:2]), title, colours, top)
        for values, title, colours, top in (
            (probability, f"probability that {named(codec, level)} is noticed", "magma", 1.0),
            (share * len(patches), "weight (1: as much as the average patch)", "viridis", None),
        )
    ]
    tall_in = float(np.clip(5 * rgb.shape[0] / rgb.shape[1], 2, 8))
    with default_matplotlib():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(16, tall_in + 0.8), layout="constrained")
        figure.suptitle(f"{path.name}: what SG-JND looks at", fontsize=12, parse_math=False)
        axes = list(figure.subplots(1, 3))
        shown = _smaller(rgb)
        extent = (0, rgb.shape[1], rgb.shape[0], 0)
        axes[0].imshow(shown, extent=extent)
        axes[0].set_title("picture", fontsize=10)
        grey = np.repeat(shown.mean(axis=2, keepdims=True) / 255, 3, axis=2)
        for panel, (values, title, colours, top) in zip(axes[1:], maps, strict=True):
            panel.imshow(grey, extent=extent)
            drawn = panel.imshow(values, cmap=colours, alpha=0.6, vmin=0, vmax=top, extent=extent)
            panel.set_title(title, fontsize=10)
            figure.colorbar(drawn, ax=panel, fraction=0.04, pad=0.02)
        for panel in axes:
            panel.set(xticks=[], yticks=[])
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=90, metadata={"Software": None})
    return stream.getvalue()


def _over_pixels(
    values: np.ndarray, tops: np.ndarray, lefts: np.ndarray, size: int, shape: tuple[int, ...]
) -> np.ndarray:
    """Patches' values at their places, shape (height, width); means where patches overlap, empty between them."""
    total, count = np.zeros(shape), np.zeros(shape)
    for value, top, left in zip(values, tops, lefts, strict=True):
        total[top : top + size, left : left + size] += value
        count[top : top + size, left : left + size] += 1
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / count, np.nan)


def _smaller(rgb: np.ndarray) -> np.ndarray:
    import cv2

    scale = min(1.0, _LONGEST_SIDE / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
