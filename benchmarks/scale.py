"""What a run costs: ratios within one run on this machine, so that they can be compared with another's."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from baselines.interface.registry import Registered, registry
from benchmarks.photographs import experiment_of, write_photographs
from datasets.codecs.jpeg import Jpeg
from datasets.common.memory import keep_memory
from datasets.common.process_pool import ProcessPool
from datasets.core.codec import Codec
from datasets.core.picture import Picture
from datasets.core.picture_file import read_picture
from protocols.plan import plan_jobs
from protocols.runner import carry_out
from protocols.store.store import Store
from protocols.workers.dispatch import WorkerPool
from protocols.workers.measure import visit

TRUTHS = ["mean", "median"]
JPEG = Jpeg()


def classical() -> list[Registered]:
    """Every predictor that costs little and learns no network: constants, pixel and subband models, PSNR."""
    entries = registry().values()
    return [one for one in entries if one.kind in ("constant", "pixel", "subband") or one.name == "psnr"]


CODEC_LIMITS = {"webp": 6.0, "avif": 12.0, "jp2": 13.0, "jxl": 16.0, "jpegli": 2.5, "mozjpeg": 5.0}
"""What a codec's ladder may cost in JPEG ladders of the same picture."""


def bare_ladder_s(rgb: np.ndarray, codec: Codec = JPEG, rounds: int = 3) -> float:
    """CPU seconds of encoding and decoding a picture at all levels of a codec, one thread; the least of some rounds."""
    import cv2

    cv2.setNumThreads(1)
    took = []
    for _ in range(rounds):
        start = time.process_time()
        for level in map(int, codec.levels):
            codec.decode(codec.encode(rgb, level))
        took.append(time.process_time() - start)
    return min(took)


def codec_ratios(codec: Codec) -> list[float]:
    """A codec's ladder in JPEG ladders, of a picture of 640x480 and of one of 1920x1080."""
    with own_cache() as folder:
        full_hd = read_picture(next(write_photographs(folder / "one", 1).iterdir()))
    pictures = np.ascontiguousarray(full_hd[300:780, 600:1240]), full_hd
    return [bare_ladder_s(rgb, codec, rounds=2) / bare_ladder_s(rgb) for rgb in pictures]


def family_ratio(rounds: int = 3) -> tuple[float, float]:
    """A visit by the whole classical family at 1920x1080 in ladders, and the ladder's seconds. CPU time, one thread."""
    from threadpoolctl import threadpool_limits

    keep_memory()
    with own_cache() as folder, threadpool_limits(1):
        file = next(write_photographs(folder / "one", 1).iterdir())
        ladder_s = bare_ladder_s(read_picture(file))
        took = []
        for _ in range(rounds):
            predictors = {one.make().measured_as: one.make() for one in classical()}
            (picture,) = experiment_of(folder / "one").pictures
            with own_cache():
                start = time.process_time()
                found = visit(picture, list(predictors.values()))
                took.append(time.process_time() - start)
            assert not any(measured.error for measured in found.measured.values())
        return min(took) / ladder_s, ladder_s


def run_s(folder: Path, *, jobs: int, truths: Sequence[str] = TRUTHS, folds: int = 5) -> float:
    """Wall seconds of a run of the classical family on a folder of photographs, nothing being kept from before."""
    with own_cache():
        return _run_s(folder, jobs, truths, folds)


def workers_ratio(pictures: int = 12) -> float:
    """How much sooner two workers end than one process."""
    with own_cache() as folder:
        photographs = write_photographs(folder / "many", pictures)
        return run_s(photographs, jobs=1) / run_s(photographs, jobs=2)


def folds_ratio(pictures: int = 10) -> float:
    """A run of 5 folds under two truths against its visits alone, in one process.

    What is not visits is what the same run takes again where all that was measured is kept.
    """
    with own_cache() as folder:
        photographs = write_photographs(folder / "many", pictures)
        whole_s = _run_s(photographs, 1, TRUTHS, 5)
        return whole_s / (whole_s - _run_s(photographs, 1, TRUTHS, 5))


def seconds_by_count(counts: Sequence[int] = (4, 8, 16)) -> dict[int, float]:
    """A run's seconds by its number of pictures of 640x480, in one process."""
    found = {}
    for count in counts:
        with own_cache() as folder:
            found[count] = run_s(write_photographs(folder / "many", count, 640, 480), jobs=1)
    return found


def seconds_by_size(sizes: Sequence[tuple[int, int]] = ((480, 270), (960, 540), (1920, 1080))) -> dict[str, float]:
    """A visit's seconds by the picture's size, for the whole classical family."""
    found = {}
    for width, height in sizes:
        with own_cache() as folder:
            found[f"{width}x{height}"] = _visits_s(
                experiment_of(write_photographs(folder / "one", 1, width, height)).pictures
            )
    return found


def repetition_s(folder: Path) -> tuple[float, float]:
    """A finished demo run's repetition, and what importing it takes; wall seconds, the least of three."""
    command = [
        sys.executable,
        "-m",
        "protocols.run",
        "-q",
        "--results",
        str(folder / "r"),
        "--report",
        str(folder / "p"),
    ]
    subprocess.run(command, check=True)
    imports = [
        sys.executable,
        "-c",
        "import protocols.run; from baselines.interface.registry import registry; registry()",
    ]
    return min(_wall_s(command) for _ in range(3)), min(_wall_s(imports) for _ in range(3))


def report_s(folder: Path) -> float:
    """Wall seconds of building the report of the run that `repetition_s` left in a folder, imports included."""
    return _wall_s(
        [sys.executable, "-m", "reports.build", "-q", "--results", str(folder / "r"), "--out", str(folder / "new")]
    )


def worker_memory_mib() -> tuple[float, float]:
    """Peak memory of a worker that runs the classical family at 1920x1080, and of Python with its libraries."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom benchmarks.scale import run_s, peak_of_children_mib\n"
        "if __name__ == '__main__':\n    run_s(Path(sys.argv[1]), jobs=2)\n    print(peak_of_children_mib())\n"
    )
    imports = "import baselines.interface.registry as r; r.registry(); import cv2, scipy.optimize, pandas\n"
    imports += "print(int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024)"
    with own_cache() as folder:
        photographs = write_photographs(folder / "many", 4)
        script = folder / "run.py"
        script.write_text(program)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
        workers = subprocess.run(
            [sys.executable, str(script), str(photographs)], env=environment, capture_output=True, text=True, check=True
        )
        bare = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True)
    return float(workers.stdout), float(bare.stdout)


def peak_of_children_mib() -> float:
    """The largest of this process's children that have ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


@contextlib.contextmanager
def own_cache() -> Iterator[Path]:
    """A folder that goes afterwards, with an empty cache in it."""
    before = os.environ.get("JND_BENCH_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JND_BENCH_CACHE"] = str(Path(folder) / "cache")
        try:
            yield Path(folder)
        finally:
            os.environ.pop("JND_BENCH_CACHE")
            if before is not None:
                os.environ["JND_BENCH_CACHE"] = before


def _run_s(folder: Path, jobs: int, truths: Sequence[str], folds: int) -> float:
    with tempfile.TemporaryDirectory() as results:
        store = Store(Path(results))
        start = time.perf_counter()
        plans = plan_jobs([experiment_of(folder, folds)], truths, classical(), store, rerun="always", device="cpu")
        with WorkerPool(None if jobs == 1 else ProcessPool(jobs)) as pool:
            runs = carry_out(plans, store, pool, quiet=True, log=lambda line: None)
        took = time.perf_counter() - start
        assert all(run.status == "complete" for run in runs)
    return took


def _visits_s(pictures: Sequence[Picture]) -> float:
    predictors = list({one.make().measured_as: one.make() for one in classical()}.values())
    with own_cache():
        start = time.perf_counter()
        for picture in pictures:
            visit(picture, predictors)
        return time.perf_counter() - start


def _wall_s(command: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start
