"""`python -m benchmarks.stand_in`: a data set of MCL-JCI's size (50 pictures of 1920x1080) from your photographs.

MCL-JCI's pictures may not be passed on. What a run of its size costs is measured on these: photographs scaled to cover
1920x1080 and cut from both ends, rated by simulated observers. It is for the clock alone: the observers see the middle
of each picture and every 20th QF, which takes minutes instead of an hour and does not change what a run costs.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from datasets.common.commands import command_parser, progress, run_command
from datasets.common.errors import UserError
from datasets.common.threads import usable_cores
from datasets.core.imaging import Box
from datasets.core.picture_file import read_picture
from datasets.sets._simulated_samples import SampledPicture
from datasets.simulation.curves import CurveJob, SimulationSettings, measure_all
from datasets.simulation.folder import Cut, SimulationFolder

WIDTH, HEIGHT, PICTURES = 1920, 1080, 50
MIDDLE = Box(405, 720, 270, 480)
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos" / "clic2025"


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    p = command_parser("benchmarks.stand_in", __doc__)
    p.add_argument("photos", nargs="?", type=Path, default=SHARED, help="folder of PNG files (default: %(default)s)")
    p.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the data set goes")
    arguments = p.parse_args(argv)
    files = sorted(arguments.photos.glob("*.png"))[: PICTURES // 2]
    if len(files) < PICTURES // 2:
        raise UserError(f"{arguments.photos}: has {len(files)} PNG photographs; {PICTURES // 2} are needed")
    folder = SimulationFolder(arguments.out, SimulationSettings(every=20), None, 2)
    folder.begin(restart=False)
    cuts = [cut for file in progress(files, "cutting photographs") for cut in _kept_cuts(file, folder)]
    jobs = [CurveJob(cut.name, functools.partial(_middle, folder.picture(cut.name))) for cut in cuts]
    measured = {one.name: one for one in measure_all(jobs, folder.curves, folder.settings, workers=usable_cores())}
    sampled = {}
    for cut in cuts:
        curve = measured[cut.name].curve
        if curve is None:
            raise UserError(f"{cut.photo}: {measured[cut.name].error}")
        sampled[cut.name] = SampledPicture(cut.source, folder.settings.jnds(cut.name, curve))
    folder.finish(sampled, cuts, [], None)
    print(f"python -m protocols.run --dataset simulated --root {arguments.out}")
    return 0


def cuts_of(rgb: np.ndarray) -> Iterator[np.ndarray]:
    """Both ends of a photograph that is scaled to cover 1920x1080, uint8 RGB, shape (1080, 1920, 3)."""
    import cv2

    height, width = rgb.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height)
    size = (max(round(width * scale), WIDTH), max(round(height * scale), HEIGHT))
    scaled = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    yield np.ascontiguousarray(scaled[:HEIGHT, :WIDTH])
    yield np.ascontiguousarray(scaled[-HEIGHT:, -WIDTH:])


def _kept_cuts(file: Path, folder: SimulationFolder) -> Iterator[Cut]:
    for number, pixels in enumerate(cuts_of(read_picture(file)), start=1):
        cut = Cut(f"{file.stem}-{number}", file.stem, file.name, Box(0, 0, HEIGHT, WIDTH))
        folder.keep(cut, pixels)
        yield cut


def _middle(file: Path) -> np.ndarray:
    return MIDDLE.cut(read_picture(file))


if __name__ == "__main__":
    sys.exit(run_command(main))
