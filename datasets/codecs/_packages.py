"""What a codec needs beside OpenCV: packages of an extra, or parts of Pillow. Nothing is imported until it is used."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

PILLOW = "pip install --upgrade 'Pillow>=11.3'"


def missing(extra: str, *modules: str) -> str:
    """That modules are not installed, and the line that installs them; empty where all are."""
    if all(importlib.util.find_spec(name) for name in modules):
        return ""
    return f"it needs packages that are not installed. Install from the checkout's folder: pip install -e '.[{extra}]'"


def without_part(feature: str) -> str:
    """Why Pillow cannot read and write a format here, and what to do; empty where it can.

    :param feature: as `PIL.features` names it.
    """
    from PIL import features

    known = feature in features.modules or feature in features.codecs  # an older Pillow warns of others
    return (
        ""
        if known and features.check(feature)
        else f"this Pillow was built without {feature}. Install another: {PILLOW}"
    )


def saved(rgb: np.ndarray, form: str, **settings: Any) -> bytes:
    """A picture's file by Pillow.

    :param rgb: uint8, shape (height, width, 3).
    :param form: Pillow's name of the format.
    """
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, form, **settings)
    return stream.getvalue()


def described(settings: Mapping[str, Any]) -> str:
    """Settings as a text that names each, but for those that only keep other data out of a file."""
    return ", ".join(f"{name} {value}" for name, value in settings.items() if value != b"")
