"""What there is to see of a model's map: grey levels a pixel, or thresholds of DCT or wavelet coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baselines.interface.predictor import JNDPredictor
from baselines.pixel._base import PixelMapPredictor, check_size
from baselines.subband._base import DctPredictor
from baselines.subband._dct_blocks import SIDE
from baselines.subband._wavelet_thresholds import levels_of, pyramid, pyramid_corners
from baselines.subband.watson1997 import Watson1997
from datasets.common.errors import UserError
from datasets.core.imaging import luma, psnr_db


@dataclass(frozen=True)
class Label:
    """A word on a map.

    :param row: of its middle, in pixels of the map.
    :param column: of its middle.
    :param height: of the area that it names, in pixels of the map.
    :param text: what it says.
    """

    row: float
    column: float
    height: float
    text: str


@dataclass(frozen=True)
class MapView:
    """A map as it is saved, and as it is drawn.

    :param raw: what the model gives.
    :param shown: shape (height, width) or (height, width, planes), positive.
    :param unit: of `shown`, for the scale beside it.
    :param numbers: the map in one line.
    :param psnr_db: of the picture with noise of the map's amplitude and random sign; None for coefficients.
    :param labels: what is written on it.
    :param logarithmic: whether its numbers span decades.
    """

    raw: np.ndarray
    shown: np.ndarray
    unit: str
    numbers: str
    psnr_db: float | None = None
    labels: tuple[Label, ...] = ()
    logarithmic: bool = False


def draws_a_map(predictor: type[JNDPredictor]) -> bool:
    """Whether there is something to see."""
    return issubclass(predictor, PixelMapPredictor | DctPredictor | Watson1997)


def view_of(
    predictor: JNDPredictor, rgb: np.ndarray, *, pixels_per_degree: float, frequency: tuple[int, int] | None
) -> MapView:
    """The map of a picture.

    :param rgb: uint8, shape (height, width, 3).
    :param pixels_per_degree: what thresholds of coefficients depend on; maps of grey levels do not.
    :param frequency: row and column of one coefficient, 0..7 each; None takes the geometric mean of all 64.
    :raises UserError: where the picture is too small, or the model has no frequencies to choose from.
    """
    if isinstance(predictor, DctPredictor):
        return _blocks(predictor, rgb, pixels_per_degree, frequency)
    if isinstance(predictor, Watson1997):
        if frequency is not None:
            raise UserError(
                f"--frequency: {predictor.card.name} has wavelet bands, not DCT coefficients. Leave it out: its map "
                "shows every band."
            )
        return _wavelet_bands(predictor, rgb, pixels_per_degree)
    assert isinstance(predictor, PixelMapPredictor), "draws_a_map tells"
    if frequency is not None:
        raise UserError(f"--frequency: {predictor.card.name} draws grey levels a pixel and knows no frequencies")
    return _pixels(predictor, rgb)


def _pixels(predictor: PixelMapPredictor, rgb: np.ndarray) -> MapView:
    jnd = predictor.map_of(rgb)
    noise_db = float(psnr_db(float(np.mean(np.square(jnd)))))
    numbers = f"mean {jnd.mean():.2f} grey levels, noise of this amplitude: {noise_db:.2f} dB PSNR"
    return MapView(jnd, jnd, "just noticeable difference (grey levels)", numbers, noise_db)


def _blocks(
    predictor: DctPredictor, rgb: np.ndarray, pixels_per_degree: float, frequency: tuple[int, int] | None
) -> MapView:
    check_size(rgb)
    raw = predictor.threshold_map(luma(rgb), pixels_per_degree)
    each = np.exp(np.log(raw).mean(axis=(2, 3))) if frequency is None else raw[:, :, frequency[0], frequency[1]]
    shown = np.repeat(np.repeat(each, SIDE, axis=0), SIDE, axis=1)[: rgb.shape[0], : rgb.shape[1]]
    what = "geometric mean of 64" if frequency is None else f"frequency {frequency[0]},{frequency[1]}"
    numbers = f"{what}: mean {each.mean():.2f}, at {pixels_per_degree:g} pixels a degree"
    return MapView(raw, shown, "threshold (units of an 8x8 DCT coefficient)", numbers)


def _wavelet_bands(predictor: Watson1997, rgb: np.ndarray, pixels_per_degree: float) -> MapView:
    check_size(rgb)
    shape, depth = rgb.shape[:2], levels_of(rgb.shape[:2])
    thresholds = predictor.thresholds(luma(rgb), pixels_per_degree)
    raw = pyramid(thresholds, shape, depth)
    middles = [float(np.exp(np.mean(np.log(band)))) for band in thresholds]
    names = [f"{band}{level}" for level in range(1, depth + 1) for band in ("LH", "HH", "HL")]
    labels = tuple(
        Label((top + bottom) / 2, (left + right) / 2, bottom - top, f"{name}  {_short(middle)}")
        for (top, bottom, left, right), name, middle in zip(
            pyramid_corners(shape, depth), [*names, f"LL{depth}"], middles, strict=True
        )
    )
    numbers = (
        f"{len(labels)} bands on {depth} levels: {_short(min(middles))} to {_short(max(middles))}, "
        f"at {pixels_per_degree:g} pixels a degree{'' if predictor.masking else ', the same in every picture'}"
    )
    return MapView(raw, raw, "threshold (units of a 9/7 wavelet coefficient)", numbers, None, labels, logarithmic=True)


def _short(number: float) -> str:
    return f"{number:.3g}" if number < 100 else f"{number:.0f}"
