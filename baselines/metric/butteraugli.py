"""Butteraugli (Alakuijala et al. 2017) as a predictor, by libjxl's program."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.metric._base import KONJND, SEARCHED, GivenThreshold, MetricPredictor
from baselines.metric._scores import Score
from datasets.common.errors import UserError
from datasets.common.hashing import sha256_of_file
from datasets.core.reference import Reference

PROGRAM = "butteraugli_main"
_NUMBER = r"([0-9.]+(?:e[+-]?[0-9]+)?)\s*$"
_LINES = {"max": re.compile(rf"\A{_NUMBER}", re.MULTILINE), "3": re.compile(rf"^3-norm: {_NUMBER}", re.MULTILINE)}
"""What the program prints, by norm."""
TIMEOUT_S = 600
"""For one level; a program that hangs must not stop a run for ever."""


@final
class Butteraugli(MetricPredictor):
    """Visible difference of a picture, as libjxl's `butteraugli_main` gives it; 0 where identical.

    :param norm: `max`, the largest difference over the picture, or `3`, the 3-norm of all differences.
    """

    norm: str = "max"
    given = {
        "as-published": GivenThreshold(1.0, "'visually lossless', the default of cjxl and cjpegli"),
        "konjnd": GivenThreshold(1.699, "where people of KonJND-1k noticed JPEG", "konjnd-1k-jpeg", {"norm": "3"}, {}),
        "konjnd-bpg": GivenThreshold(
            1.528, "where people of KonJND-1k noticed BPG", "konjnd-1k-bpg", {"norm": "3"}, {}
        ),
    }
    quick = {"levels": 4, "exact": False}
    card = Card(
        name="butteraugli",
        title="Butteraugli threshold",
        references=(
            Reference(
                authors=(
                    "J. Alakuijala",
                    "R. Obryk",
                    "O. Stoliarchuk",
                    "Z. Szabadka",
                    "L. Vandevenne",
                    "J. Wassenberg",
                ),
                title="Guetzli: perceptually guided JPEG encoder",
                venue="arXiv:1703.04421",
                year=2017,
            ),
        ),
        cost="slow",
        deviations=(
            "Computed by the program butteraugli_main of libjxl, which must be on PATH: its scale differs from that of "
            "the paper's first Butteraugli.",
            "The largest difference is taken, and the 3-norm where a name has -konjnd; the program assumes a display "
            "of its own, whatever the study's viewing distance.",
            SEARCHED,
            KONJND,
        ),
    )

    def ingredients(self) -> dict[str, str]:
        """The hash of the program, for it does not tell its version."""
        return {PROGRAM: sha256_of_file(_program())}

    def against(self, reference: np.ndarray, pixels_per_degree: float) -> Score:
        from PIL import Image

        if self.norm not in _LINES:
            raise UserError(f"{self.card.name}: norm is one of {', '.join(_LINES)}, not {self.norm!r}")
        program = _program()

        def score(rgb: np.ndarray) -> float:
            with tempfile.TemporaryDirectory(prefix="jnd-bench-") as folder:
                paths = Path(folder, "reference.png"), Path(folder, "level.png")
                for path, pixels in zip(paths, (reference, rgb), strict=True):
                    Image.fromarray(pixels).save(path, compress_level=1)
                return _distance(program, *paths, self.norm)

        return score

    def distance(self, score: float) -> float:
        return max(score, 0.0)


def _program() -> Path:
    path = shutil.which(PROGRAM)
    if path is None:
        raise UserError(
            f"it needs the program {PROGRAM}, which is not on PATH. It is part of libjxl's tools: build them from "
            "https://github.com/libjxl/libjxl with -DJPEGXL_ENABLE_DEVTOOLS=ON"
        )
    return Path(path)


def _distance(program: Path, first: Path, second: Path, norm: str) -> float:
    """The number that the program prints of this norm."""
    try:
        done = subprocess.run(
            [program, first, second], capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{program} took more than {TIMEOUT_S} s for a picture") from error
    except OSError as error:
        raise UserError(f"{program} cannot be run: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing"]
        raise UserError(f"{program} failed with status {done.returncode}, saying: {said[0]}")
    printed = _LINES[norm].search(done.stdout)
    if printed is None:
        raise UserError(
            f"{program} printed no distance ({norm} norm) but {done.stdout[:80]!r}. "
            "The program of libjxl 0.8 or later is expected."
        )
    return float(printed[1])
