"""`python -m benchmarks.stand_in`: a data set of MCL-JCI's size (50 pictures of 1920x1080) from your photographs.

MCL-JCI's pictures may not be passed on. What a run of its size costs is measured on these: photographs scaled to cover
1920x1080 and cut from both ends, rated by simulated observers (coarsely: every 20th QF, which costs minutes; what a run
costs does not depend on it). It is for the clock alone: two cuts of one photograph count as two sources.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from datasets import simulate
from datasets.commands import progress, run_command, write_atomically
from datasets.errors import UserError
from datasets.imaging import read_picture

WIDTH, HEIGHT, PICTURES = 1920, 1080, 50
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos" / "clic2025"


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    p = argparse.ArgumentParser(
        prog="python -m benchmarks.stand_in", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("photos", nargs="?", type=Path, default=SHARED, help="folder of photographs (default: %(default)s)")
    p.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the data set goes")
    p.add_argument("--jobs", default="2", metavar="N", help="processes (default: 2)")
    arguments = p.parse_args(argv)
    cuts = arguments.out.with_name(arguments.out.name + "-cuts")
    write_cuts(arguments.photos, cuts)
    flags = ["--crop", "none", "--max-crops", "1", "--every", "20", "--jobs", arguments.jobs]
    return simulate.main([str(cuts), "--out", str(arguments.out), *flags])


def write_cuts(photos: Path, out: Path) -> None:
    """Write 50 cuts of 1920x1080 as PNG.

    :raises UserError: where there are fewer than 25 photographs.
    """
    import cv2

    files = sorted(photos.glob("*.png"))
    if 2 * len(files) < PICTURES:
        raise UserError(f"{photos}: has {len(files)} PNG photographs; {PICTURES // 2} are needed")
    for file in progress(files[: PICTURES // 2], "cutting photographs"):
        for number, pixels in enumerate(_cuts(read_picture(file))):
            encoded = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()
            write_atomically(out / f"{file.stem[:8]}{'ab'[number]}.png", encoded)


def _cuts(rgb: np.ndarray) -> Iterator[np.ndarray]:
    """Both ends of a picture that was scaled to cover the size."""
    import cv2

    height, width = rgb.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height)
    size = (max(round(width * scale), WIDTH), max(round(height * scale), HEIGHT))
    scaled = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    yield np.ascontiguousarray(scaled[:HEIGHT, :WIDTH])
    yield np.ascontiguousarray(scaled[-HEIGHT:, -WIDTH:])


if __name__ == "__main__":
    sys.exit(run_command(main))
