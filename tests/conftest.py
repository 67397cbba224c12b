"""What all tests share: small rated pictures, roots in the layouts of the real data sets, data beside the checkout."""

import contextlib
import functools
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import settings
from PIL import Image
from threadpoolctl import threadpool_limits

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.code import forget_code
from datasets.core.ladder import CompressedLadder, ShippedLadder
from datasets.core.picture import Picture
from datasets.core.truths import find_truth

# Several processes share the cores: threads of torch and BLAS that wait for each other by spinning cost tenfold there.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
# With -n 0 a plugin of pytest has loaded numpy by now.
threadpool_limits(int(os.environ["OPENBLAS_NUM_THREADS"]), user_api="blas")
# Containers often let Python write no bytecode: then pytest rewrites all tests, and processes that tests start compile
# the suite, in every run anew. It stands in folders __pycache__ as usual.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # as in a background job: commands that tests start would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("unhurried", deadline=None)  # first calls import scipy or OpenCV
settings.load_profile("unhurried")


WHOLE_FOLDERS = ("tests/reports/figures", "tests/reports/pages", "tests/baselines/learned/network", "tests/sgjnd")
"""Whose files share what takes seconds to make: drawn figures, a built report and its browser, trained networks."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A process works on a file at a time, or on a folder whose files share much, so that it is made once."""
    from xdist.scheduler import LoadFileScheduling

    class ByFileOrFolder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next(filter(nodeid.startswith, WHOLE_FOLDERS), super()._split_scope(nodeid))

    return ByFileOrFolder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first: else one process would be left with it at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow and not item.nodeid.startswith(WHOLE_FOLDERS))


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""The browser of the pages' tests."""
MADE_SUBJECTS = [(40 - turn // 2, 25 - turn // 3, 12) if turn % 5 else (38,) for turn in range(30)]
"""Thirty subjects of which six have no second and third JND."""


def _picture(name: str, pixels: np.ndarray, criteria: np.ndarray) -> Picture:
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, pixels))
    rmse = np.sqrt(ladder.summary().mse)
    samples = [max(np.flatnonzero(rmse > criterion), default=0) + 1 for criterion in criteria]
    return Picture(name, name.split("-")[0], Jpeg(), 24.3, np.array(samples, float), {}, ladder)


@pytest.fixture(scope="session")
def rated_pictures() -> list[Picture]:
    """Eight 64x64 crops of four real photographs; the observers' criterion is on the luma error, log-normal."""
    from skimage import data

    rng = np.random.default_rng(5)
    photographs = {"astronaut": data.astronaut(), "chelsea": data.chelsea(), "coffee": data.coffee()}
    photographs["rocket"] = data.rocket()
    corners = {"1": np.s_[20:84, 180:244], "2": np.s_[150:214, 100:164]}
    return [
        _picture(f"{source}-{number}", np.ascontiguousarray(pixels[corner]), rng.lognormal(np.log(5), 0.3, 30))
        for source, pixels in photographs.items()
        for number, corner in corners.items()
    ]


@pytest.fixture(scope="session")
def true_levels(rated_pictures) -> np.ndarray:
    """Of the rated pictures, under the truth `mean`, shape (pictures,)."""
    return np.array([find_truth("mean").level(picture) for picture in rated_pictures])


@pytest.fixture(scope="session")
def bpg_pictures(rated_pictures, tmp_path_factory) -> list[Picture]:
    """Three of the rated pictures as a data set ships BPG: a decoded file a level, samples in QP, 1 the best."""
    return [_in_bpg(picture, tmp_path_factory.mktemp(picture.name)) for picture in rated_pictures[1:6:2]]


def _in_bpg(picture: Picture, folder: Path) -> Picture:
    codec, jpeg, files = Bpg(), Jpeg(), {}
    for level in map(int, codec.levels):
        pixels = jpeg.decode(jpeg.encode(picture.reference, round(_as_qf(level))))
        files[level] = folder / f"{level}.png"
        cv2.imwrite(str(files[level]), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    ladder = ShippedLadder(codec, functools.partial(np.array, picture.reference), files)
    samples = np.clip(51 - (picture.samples - 1) * 50 / 99, 1, 51)
    return Picture(picture.name, picture.source, codec, 24.3, samples, {}, ladder)


def _as_qf(level: int) -> float:
    return 1 + (51 - level) * 99 / 50


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Features are kept in a folder of this run, by processes that tests start too: none come from an older run."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JND_BENCH_CACHE", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def own_code(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hashes of code that were made while a test had patched something end with it."""
    yield
    if "monkeypatch" in request.fixturenames:
        forget_code()


@pytest.fixture(scope="session")
def reference_values() -> dict[str, Any]:
    """Published and independently computed numbers; `tests/reference/README.md` says where they come from."""
    file = Path(__file__).parent / "reference" / "jnd-reference-values.json"
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real pictures, ladders and labels that stand beside the checkout, where they do."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared test data are not at {folder}")
    return folder


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which nothing is kept yet, for this test and the processes that it starts."""
    folder = tmp_path / "empty-cache"
    folder.mkdir()
    monkeypatch.setenv("JND_BENCH_CACHE", str(folder))
    return folder


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What backbones are asked for from now on: `reference` and `level`."""
    from baselines.learned.network.extractor import Tokeniser

    asked: list[str] = []
    for name in ("reference", "level"):
        whole = getattr(Tokeniser, name)
        monkeypatch.setattr(Tokeniser, name, lambda *given, name=name, whole=whole: asked.append(name) or whole(*given))
    return asked


@pytest.fixture(scope="module")
def small_figures() -> Iterator[None]:
    """Reports built in this file have small figures."""
    with figures_of_a_few_bytes():
        yield


@contextlib.contextmanager
def figures_of_a_few_bytes() -> Iterator[None]:
    """Reports built here have their usual figures as files of a few bytes: drawing takes most of a report's time, and
    `tests/reports/figures` looks at what is drawn."""
    from reports.figures.catalogue import RUN_FIGURES, SECTION_FIGURES
    from reports.figures.style import FigureFiles

    def draw(sections, *, quiet=False):
        pngs = {kind.stem(section): b"png" for section in sections for kind in SECTION_FIGURES}
        for section in sections:
            rows = [row for row in section.rows if not row.has_failed]
            pngs |= {kind.stem(section, row): b"" for row in rows for kind in RUN_FIGURES}
        svg = b"<svg xmlns='http://www.w3.org/2000/svg'></svg>"
        return {stem: FigureFiles(svg, stem, png) for stem, png in pngs.items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.build.draw_figures", draw)
        yield


@functools.cache
def photograph(number: int, height: int = 48, width: int = 64) -> np.ndarray:
    """A crop of a photograph, another for every number."""
    from skimage import data

    whole = (data.astronaut, data.coffee, data.chelsea)[number % 3]()
    top, left = 60 + 3 * number % 120, 90 + 7 * number % 180
    return np.ascontiguousarray(whole[top : top + height, left : left + width])


@pytest.fixture
def make_mcl_jci(tmp_path) -> Callable[..., Path]:
    """Makes an MCL-JCI root in the official layout.

    `sources`: their numbers; `pictures`: `all`, `sources` or `none`; `end`: of lines; `mark`: before the text.
    """

    def make(
        sources: Iterable[int] = (1, 2),
        *,
        pictures: str = "all",
        end: str = "\n",
        mark: str = "",
        home: str = "MCL-JCI",
    ) -> Path:
        root = tmp_path / home
        for folder in ("JND_samples", "SQF_data", *(["source_images/[BMP]"] if pictures != "none" else [])):
            (root / folder).mkdir(parents=True)
        for number in sources:
            lines = [mark + " ".join(map(str, MADE_SUBJECTS[0])), *(" ".join(map(str, s)) for s in MADE_SUBJECTS[1:])]
            write(root / f"JND_samples/JND_image_{number:02d}.txt", lines, end)
            write(
                root / f"SQF_data/Image_{number}_l_h.txt", [f"{mark}100  {80 - number}  30 20 ", "0.2 0.5 0.3 0.1"], end
            )
            if pictures != "none":
                Image.fromarray(photograph(number)).save(root / f"source_images/[BMP]/ImageJND_SRC{number:02d}.bmp")
            if pictures == "all":
                folder = root / f"distorted_image/ImageJND_SRC{number:02d}"
                folder.mkdir(parents=True)
                for level in Jpeg().levels.tolist():
                    encoded = Jpeg().encode(photograph(number), level)
                    (folder / f"ImageJND_SRC{number:02d}_{level:03d}.jpg").write_bytes(encoded)
        return root

    return make


@pytest.fixture
def make_konjnd_table(tmp_path) -> Callable[..., Path]:
    """Writes `subjective_ratings.csv` into a folder: `{'SRC0001': ('JPEG', [45, 50])}`."""

    def make(root: Path, ratings: dict[str, tuple[str, list[int]]]) -> Path:
        rows = ["image_id,Compression type,No. of ratings,mean,std,ratings"]
        for name, (compression, values) in ratings.items():
            cell = json.dumps(values)
            rows.append(f'{name}.png,{compression},{len(values)},{np.mean(values):.4f},{np.std(values):.4f},"{cell}"')
        root.mkdir(parents=True, exist_ok=True)
        write(root / "subjective_ratings.csv", rows, "\n")
        return root / "subjective_ratings.csv"

    return make


@pytest.fixture(scope="session")
def konjnd_ladders(tmp_path_factory) -> Path:
    """Seven pictures of 160x120 pixels and their JPEG files at every QF, laid out and named as KonJND-1k's are."""
    root = tmp_path_factory.mktemp("konjnd-ladders")
    for folder in ("source_image", "jpeg"):
        (root / folder).mkdir()
    for number in (13, 366, *range(9001, 9006)):
        pixels = photograph(number, 120, 160)
        Image.fromarray(pixels).save(root / f"source_image/SRC{number:04d}.png")
        for quality in Jpeg().levels.tolist():
            (root / f"jpeg/SRC{number:04d}_JPEG_{quality:03d}.jpg").write_bytes(Jpeg().encode(pixels, quality))
    return root


@pytest.fixture
def make_konjnd_jpeg(tmp_path, konjnd_ladders, make_konjnd_table) -> Callable[..., Path]:
    """Makes a KonJND-1k root around ladders, linked; `direction` down re-indexes the files and the ratings."""

    def make(direction: str = "up", *, qf: int = 45, count: int = 3, ladders: Path = konjnd_ladders) -> Path:
        root = tmp_path / f"KonJND-1k-{direction}"
        (root / "source_image").mkdir(parents=True)
        (root / "jpeg").mkdir()
        ratings = {}
        for source in sorted((ladders / "source_image").glob("*.png"))[:count]:
            (root / "source_image" / source.name).symlink_to(source)
            for level in range(1, 101):
                index = level if direction == "up" else 101 - level
                file = ladders / f"jpeg/{source.stem}_JPEG_{level:03d}.jpg"
                (root / f"jpeg/{source.stem}_JPEG_{index:03d}.jpg").symlink_to(file)
            people = [qf + shift for shift in (-3, -1, 0, 0, 2, 2)]
            ratings[source.stem] = ("JPEG", people if direction == "up" else [101 - level for level in people])
        make_konjnd_table(root, ratings)
        return root

    return make


@pytest.fixture(scope="session")
def genuine_ladders(shared_data: Path) -> Path:
    """Seven genuine ladders of KonJND-1k beside the checkout."""
    return shared_data / "konjnd-1k-ladders"


@pytest.fixture(scope="session")
def mcl_jci_labels(shared_data: Path) -> Path:
    """The genuine labels of MCL-JCI beside the checkout, without pictures."""
    return shared_data / "mcl-jci-labels"


@pytest.fixture
def make_konjnd_bpg(tmp_path, make_konjnd_table) -> Callable[..., Path]:
    """Makes a root of the BPG half's layout. Its decoded files are no BPG: they are photographs with noise that grows
    with the QP, which is all that a reader of decoded files can see of a codec."""

    def make(direction: str = "down", *, count: int = 2) -> Path:
        root = tmp_path / f"KonJND-1k-bpg-{direction}"
        (root / "source_image").mkdir(parents=True)
        (root / "bpg").mkdir()
        ratings = {}
        for number in range(505, 505 + count):
            source = photograph(number)
            Image.fromarray(source).save(root / f"source_image/SRC{number:04d}.png")
            noise = np.random.default_rng(number).normal(size=source.shape)
            for qp in range(1, 52):
                index = qp if direction == "down" else 52 - qp
                decoded = np.clip(source + noise * 2 ** (qp / 12 - 1), 0, 255).round().astype(np.uint8)
                Image.fromarray(decoded).save(root / f"bpg/SRC{number:04d}_BPG_{index:03d}.png")
            people = [30, 31, 33, 28]
            ratings[f"SRC{number:04d}"] = ("BPG", people if direction == "down" else [52 - qp for qp in people])
        make_konjnd_table(root, ratings)
        return root

    return make


def write(path: Path, lines: list[str], end: str) -> None:
    """Write lines with their ends as they are."""
    path.write_bytes("".join(line + end for line in lines).encode("utf-8"))
