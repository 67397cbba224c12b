"""Roots of the real data sets' layouts, made small: real photographs and JPEG files, made-up answers."""

import functools
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.core.codec import Jpeg

MADE_SUBJECTS = [(40 - turn // 2, 25 - turn // 3, 12) if turn % 5 else (38,) for turn in range(30)]
"""Thirty subjects of which six have no second and third JND."""


@functools.cache
def photograph(number: int) -> np.ndarray:
    """A crop of 64x48 pixels, another for every number."""
    whole = (data.astronaut, data.coffee, data.chelsea)[number % 3]()
    top, left = 60 + 3 * number % 120, 90 + 7 * number % 180
    return np.ascontiguousarray(whole[top : top + 48, left : left + 64])


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


@pytest.fixture
def make_konjnd_jpeg(tmp_path, shared_data, make_konjnd_table) -> Callable[..., Path]:
    """Makes a KonJND-1k root around genuine ladders, linked; `direction` down re-indexes the files and the ratings."""

    def make(direction: str = "up", *, qf: int = 45, count: int = 3) -> Path:
        official = shared_data / "konjnd-1k-ladders"
        root = tmp_path / f"KonJND-1k-{direction}"
        (root / "source_image").mkdir(parents=True)
        (root / "jpeg").mkdir()
        ratings = {}
        for source in sorted((official / "source_image").glob("*.png"))[:count]:
            (root / "source_image" / source.name).symlink_to(source)
            for level in range(1, 101):
                index = level if direction == "up" else 101 - level
                genuine = official / f"jpeg/{source.stem}_JPEG_{level:03d}.jpg"
                (root / f"jpeg/{source.stem}_JPEG_{index:03d}.jpg").symlink_to(genuine)
            people = [qf + shift for shift in (-3, -1, 0, 0, 2, 2)]
            ratings[source.stem] = ("JPEG", people if direction == "up" else [101 - level for level in people])
        make_konjnd_table(root, ratings)
        return root

    return make


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
