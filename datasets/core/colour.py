"""From what Pillow reads in a file to what is seen of it: uint8 RGB on white, and sRGB where it is asked for.

A colour profile is converted by relative colorimetry with black point compensation, as browsers and Adobe's programs do
it: white stays white, and what sRGB can show keeps its colour. A profile that is sRGB's own changes nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from datasets.core.picture_forms import BITS, PHOTOMETRIC, UnreadFormError, first_value

if TYPE_CHECKING:
    from PIL import Image, ImageCms

_EXIF, _INTEROPERABILITY = 0x8769, 0xA005
_SRGB_PRIMARIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
"""White, red, green and blue, x and y of each."""
_ROUNDING_LEVELS = 2
"""Grey levels that the profile of an sRGB picture may move a colour by: profiles are written in rounded numbers."""
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}


@final
@dataclass(frozen=True)
class Colours:
    """How a picture's colours become sRGB.

    :param convert: makes Pillow's picture one of mode RGB.
    :param origin: what it is converted from, e.g. `its colour profile (Display P3)`; empty where nothing is converted.
    :param doubt: why its colours may be others than are taken; empty where they are known.
    """

    convert: Callable[[Image.Image], Image.Image]
    origin: str = ""
    doubt: str = ""


def colours_of(image: Image.Image) -> Colours:
    """By its profile, or what else its header says."""
    if profile := image.info.get("icc_profile"):
        return _colours_by_profile(profile, image.mode)
    gamma, primaries = (
        image.info.get(name) if "srgb" not in image.info else None for name in ("gamma", "chromaticity")
    )
    doubt = ""
    if primaries and np.abs(np.subtract(primaries, _SRGB_PRIMARIES)).max() > 0.005:
        doubt = "its primaries (chunk cHRM) are not sRGB's and are not applied"
    if gamma and abs(gamma * 2.2 - 1) > 0.05:
        return Colours(lambda layer: _by_gamma(layer, gamma), f"its gamma ({gamma:g}, chunk gAMA)", doubt)
    if doubt:
        return Colours(_plain, doubt=doubt)
    if image.mode == "CMYK":
        return Colours(_plain, doubt="CMYK without a colour profile: its colours are approximate")
    if _is_adobe_rgb(image):
        return Colours(
            _plain, doubt="its EXIF says Adobe RGB, and it has no colour profile: taken as sRGB, as by browsers"
        )
    return Colours(_plain)


def as_rgb(image: Image.Image, *, to_srgb: bool) -> np.ndarray:
    """Pixels of a picture, uint8, shape (height, width, 3); what is transparent is laid over white.

    :param to_srgb: whether its colours are converted, or taken as they are stored.
    :raises UnreadFormError: where nothing of it is to be seen, or its numbers are not grey levels.
    """
    from PIL import Image

    colours = colours_of(image) if to_srgb else Colours(_plain)
    if image.mode[0] in "IF":
        return np.asarray(colours.convert(Image.fromarray(_eight_bits(image))))
    alpha = None
    if image.has_transparency_data:
        alpha = image.convert("LA" if image.mode == "La" else "RGBA").getchannel("A")
        nearest, farthest = alpha.getextrema()
        if nearest == 255 or (farthest == 0 and image.format == "BMP"):  # whose fourth byte often means nothing
            alpha = None
        elif farthest == 0:
            raise UnreadFormError("every pixel is transparent, so that nothing is to be seen. Remove its alpha channel")
    rgb = colours.convert(image.convert("LA") if image.mode == "La" else image)
    if alpha is None:
        return np.asarray(rgb)
    page = Image.new("RGB", image.size, "white")
    page.paste(rgb, mask=alpha)
    return np.asarray(page)


def _plain(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.mode == "RGBa" else "RGB").convert("RGB")


def _eight_bits(image: Image.Image) -> np.ndarray:
    """Grey levels of more than 8 bits as uint8, a row at a time: as floating-point numbers all take much more."""
    tags, values = getattr(image, "tag_v2", {}), np.asarray(image)
    white = 1.0 if image.mode == "F" else float((1 << first_value(tags, BITS)) - 1) if tags else 65535.0
    lowest, highest = float(values.min()) * 255 / white, float(values.max()) * 255 / white
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise UnreadFormError("its grey levels are not all finite numbers")
    if not -0.5 <= lowest <= highest < 255.5:
        found = f"{lowest * white / 255:g} to {highest * white / 255:g}"
        raise UnreadFormError(
            f"its floating-point grey levels run from {found}; read are 0 (black) to 1 (white). Scale them"
        )
    grey = np.empty(values.shape, dtype=np.uint8)
    for row, deep in zip(grey, values, strict=True):
        row[:] = np.clip(np.round(deep * (255 / white)), 0, 255)
    if tags.get(PHOTOMETRIC) == 0:
        np.subtract(255, grey, out=grey)
    if isinstance(clear := image.info.get("transparency"), int):
        grey[values == clear] = 255
    return grey


def _colours_by_profile(profile: bytes, mode: str) -> Colours:
    from PIL import Image, ImageCms

    is_grey = mode[0] in "1LIF" and mode != "LAB"
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(source).strip()[:60]
        given = _MODES[source.profile.xcolor_space]
        if not (given == mode or (given == "L" and is_grey) or (given == "RGB" and mode not in ("CMYK", "LAB"))):
            return Colours(_plain, doubt=f"its colour profile ({name}) does not fit its colours and is not applied")
        if given == "L":  # LittleCMS would interpolate the shadows
            flags |= ImageCms.Flags.NOOPTIMIZE
        srgb, intent = ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
        transform = ImageCms.buildTransform(source, srgb, given, "RGB", intent, flags)
    except Exception:  # of LittleCMS and Pillow, which fail on damaged profiles in more ways than they declare
        return Colours(_plain, doubt="its colour profile is damaged and is not applied")

    def convert(layer: Image.Image) -> Image.Image:
        return _converted(layer if layer.mode == given else _plain(layer), transform)

    if given == "L":  # each of its few values once
        tables = [list(table.tobytes()) for table in _converted(_all_greys(), transform).split()]

        def convert(layer: Image.Image) -> Image.Image:
            return Image.merge("RGB", [layer.convert("L").point(table) for table in tables])

    if given in ("L", "RGB") and _changes_nothing(convert, given):
        return Colours(_plain)
    return Colours(convert, f"its colour profile ({name})")


def _changes_nothing(convert: Callable[[Image.Image], Image.Image], mode: str) -> bool:
    from PIL import Image

    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    colours = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3))
    samples = [_all_greys()] + [colours] * (mode == "RGB")
    moved = [np.asarray(convert(sample)).astype(int) - np.asarray(sample.convert("RGB")) for sample in samples]
    return max(int(np.abs(levels).max()) for levels in moved) <= _ROUNDING_LEVELS


def _all_greys() -> Image.Image:
    from PIL import Image

    return Image.linear_gradient("L").crop((0, 0, 1, 256))


def _converted(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    from PIL import ImageCms

    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None, "only a conversion in place gives nothing"
    return converted


def _by_gamma(image: Image.Image, gamma: float) -> Image.Image:
    light = (np.arange(256) / 255) ** (1 / gamma)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return _plain(image).point([round(255 * value) for value in coded] * 3)


def _is_adobe_rgb(image: Image.Image) -> bool:
    try:
        exif = image.getexif()
        return exif.get_ifd(_EXIF).get(0xA001) == 2 or exif.get_ifd(_INTEROPERABILITY).get(1) == "R03"
    except Exception:  # damaged tags
        return False
