"""Stored runs as the protocol writes them, with simulated predictions: whole, failed, limited, without pixels."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from datasets.codecs import codecs
from datasets.core.dataset import OpenOptions
from datasets.sets import open_dataset
from protocols.store import picture_facts
from protocols.store.record import RunRecord
from protocols.store.store import COLUMNS, Identity, Store, StoredRun
from reports.results.section import Section, sections_of
from tests.stored import run_json, store_table

QF = np.arange(1, 101)
WORK = {"authors": ["A. Author"], "title": "A title", "venue": "A journal", "year": 1995}
KINDS = {"constant": "constant", "psnr": "metric", "chou1995": "pixel"}
SPREAD = {"constant": 0.0, "psnr": 7.0, "chou1995": 4.0}


def _sur(level: float) -> list[float]:
    return [float(v) for v in 1 / (1 + np.exp(-(QF - level) / 4))]


def _frame(predictor: str, pictures: int, *, seed: int, pixels: bool, failing: int, truth: str) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    true = np.clip(rng.normal(40 if truth == "mean" else 50, 9, pictures), 10, 90).round(2)
    base_db = rng.normal(36, 3, pictures)
    own = np.random.default_rng(int.from_bytes(hashlib.sha256(predictor.encode()).digest()[:4], "big"))
    folds = np.arange(pictures) // 2 % 3 + 1
    if SPREAD.get(predictor, 6.0):
        predicted = np.clip(true + own.normal(1.0, SPREAD.get(predictor, 6.0), pictures), 1, 100)
    else:
        predicted = np.array([np.median(true[folds != fold]) if pictures > 2 else 40.0 for fold in folds])
    failed = np.arange(pictures) >= pictures - failing
    predicted = np.where(failed, np.nan, predicted)
    known = pixels & ~failed
    values: dict[str, Any] = {
        "picture": [f"astronaut-{index:03d}" for index in range(pictures)],
        "source": [f"source-{index // 2:02d}" for index in range(pictures)],
        "codec": "jpeg",
        "fold": folds,
        "true_level": true,
        "predicted_level": predicted,
        "true_psnr_db": base_db + 0.08 * true if pixels else np.nan,
        "predicted_psnr_db": np.where(known, base_db + 0.08 * predicted, np.nan),
        "true_bytes": 400.0 * true if pixels else np.nan,
        "predicted_bytes": np.where(known, 400.0 * predicted, np.nan),
        "best_bytes": 120_000.0 if pixels else np.nan,
        "clipped": predicted >= 100,
        "ms": own.gamma(4, 3, pictures),
        "true_sur": [_sur(level) for level in true],
        "sur": [None if np.isnan(level) else _sur(level) for level in predicted],
        "error": np.where(failed, "ValueError: no edges in a flat picture", ""),
    }
    return pd.DataFrame({name: values[name] for name in COLUMNS}, index=range(pictures))


def _json(identity: Identity, frame: pd.DataFrame, changes: dict[str, Any]) -> dict[str, Any]:
    failed = int(frame["predicted_level"].isna().sum())
    kind = KINDS.get(identity.predictor, "constant")
    content = run_json(
        identity.predictor,
        status="complete" if not failed else "failed" if failed == len(frame) else "partial",
        error="" if not failed else f"{failed} of {len(frame)} pictures failed: ValueError: no edges",
        identity=vars(identity),
        key=hashlib.sha256(repr(identity).encode()).hexdigest()[:12],
        key_parts={"anchor": "source"},
        kind=kind,
        card={
            "references": [] if identity.predictor == "constant" else [WORK],
            "licence": "Apache-2.0",
            "needs_pictures": identity.predictor in ("psnr", "chou1995"),
        },
        truth_meaning="mean of the observers' JNDs",
        fitted={str(fold): {"level": 40.0 + fold, "spread": 1.5} for fold in (1, 2, 3)},
        remarks={"looked <twice>": 6},
        dataset={
            "name": identity.dataset,
            "title": "Demo photographs" if identity.dataset == "demo" else "MCL-JCI",
            "samples": "simulated observers" if identity.dataset == "demo" else "30 subjects",
        },
        pictures=len(frame),
        sources=int(frame["source"].nunique()),
        failed=failed,
        versions={"python": "3.11.2", "numpy": "2.4.6"},
        decoder="OpenCV 5.0, libjpeg-turbo",
        machine={"system": "Linux", "processor": "a processor", "usable_cores": 2},
        timings_s={"measure_and_predict": 1.5, "fit_and_predict": 0.1},
    )
    for name, value in changes.items():
        content[name] = {**content.get(name, {}), **value} if isinstance(value, dict) else value
    return content


PICTURES_TABLE = "pictures-0123456789ab.parquet"


def write_pictures_table(
    results: Path, pictures: list[str], sources: list[str], *, sizes: bool = True, dataset: str = "demo"
) -> None:
    """The table of a set's pictures as the protocol writes it, for runs whose record names `PICTURES_TABLE`."""
    rng = np.random.default_rng(5)
    values = {
        "picture": pictures,
        "source": sources,
        "codec": "jpeg",
        "width_px": 640,
        "height_px": 480,
        "pixels_per_degree": 24.3,
        "samples": [np.clip(rng.normal(45, 8, 12).round(), 1, 100) for _ in pictures],
        "tabulated": "{}",
        "psnr_db": [28 + 0.15 * QF for _ in pictures],
        "size_bytes": [900.0 * QF * rng.uniform(1, 2) if sizes else None for _ in pictures],
        "gradient": rng.gamma(3, 2, len(pictures)),
        "colourfulness": rng.gamma(5, 8, len(pictures)),
    }
    frame = pd.DataFrame({name: values[name] for name in picture_facts.COLUMNS})
    store_table(results / dataset / PICTURES_TABLE, frame)


def read_sections(results: Path) -> list[Section]:
    """The sections of stored runs."""
    return sections_of(Store(results).current_runs(), results)


MakeRun = Callable[..., StoredRun]


@pytest.fixture(scope="session")
def store_run() -> MakeRun:
    """`store_run(results, predictor, ...)` writes one run through the real store."""

    def make(
        results: Path,
        predictor: str = "constant",
        *,
        dataset: str = "demo",
        folds: str = "kfold5-v1",
        truth: str = "mean",
        jnd: int = 1,
        limit: int = 0,
        pictures: int = 24,
        seed: int = 7,
        pixels: bool = True,
        failing: int = 0,
        each_a_source: bool = False,
        info: dict[str, Any] | None = None,
    ) -> StoredRun:
        identity = Identity(dataset, folds, truth, jnd, limit, predictor)
        frame = _frame(predictor, pictures, seed=seed, pixels=pixels, failing=failing, truth=truth)
        if each_a_source:
            frame["source"] = frame["picture"]
        return Store(results).write(RunRecord.from_json(_json(identity, frame, info or {})), frame)

    return make


@pytest.fixture(scope="session")
def store_codec_run(store_run) -> MakeRun:
    """`store_codec_run(results, codec, predictor, ...)` writes a run of the demo set in a codec.

    Its files have `bytes_factor` times JPEG's bytes at the true levels, and `predicted_factor` times that at the
    predicted ones; each a number or one a picture.
    """

    def make(
        results: Path,
        codec: str = "jpeg",
        predictor: str = "constant",
        *,
        bytes_factor: Any = 1.0,
        predicted_factor: Any = 1.0,
        info: dict[str, Any] | None = None,
        **given: Any,
    ) -> StoredRun:
        known = codecs()[codec]
        name = "demo" if codec == "jpeg" else f"demo-{codec}"
        facts = {
            "name": name,
            "opens_as": "demo",
            "samples": "simulated observers",
            "codec": codec,
            "unit": known.unit,
            "level_lowest": known.lowest,
            "level_highest": known.highest,
            "title": "Demo photographs" if codec == "jpeg" else f"Demo photographs, {known.title}",
        }
        changes = {
            "decoder": f"encoder of {codec}",
            **(info or {}),
            "dataset": {**facts, **(info or {}).get("dataset", {})},
        }
        run = store_run(results, predictor, **{"dataset": name, **given}, info=changes)
        frame = run.predictions
        at_truth = frame["true_bytes"] * bytes_factor
        frame = frame.assign(
            codec=codec,
            true_bytes=at_truth,
            predicted_bytes=(at_truth * predicted_factor).where(frame["predicted_level"].notna()),
            true_sur=None,
            sur=None,
        )
        return Store(results).write(run.record, frame)

    return make


@pytest.fixture(scope="session")
def demo_results(tmp_path_factory, store_run) -> Path:
    """Stored runs on the real demo set's pictures, two truths, predictions simulated; one predictor failed in part."""
    dataset = open_dataset("demo")
    results = tmp_path_factory.mktemp("demo") / "results"
    facts = {"redistributable": True, "root": None, "options": dataclasses.asdict(OpenOptions())}
    parts = {"key_parts": {"data": dataset.fingerprint()}, "decoder": dataset.codec.library()}
    named = {
        "picture": [picture.name for picture in dataset.pictures],
        "source": [picture.source for picture in dataset.pictures],
    }
    for truth in ("mean", "median"):
        for predictor in ("constant", "psnr", "chou1995", "x-<b>y</b>"):
            count = len(dataset.pictures)
            run = store_run(results, predictor, truth=truth, pictures=count, info={"dataset": facts, **parts})
            frame = run.predictions.assign(**named)
            if predictor == "psnr":
                frame.loc[frame.index[-2:], "predicted_level"] = np.nan
                frame.loc[frame.index[-2:], "error"] = "ValueError: no <edges>"
            Store(results).write(run.record, frame)
    return results


GOLDEN = Path(__file__).with_name("golden")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """`golden(name, text)` fails where a text is not the stored one; numbers may differ in their last digit.

    `JND_BENCH_REGENERATE=1 pytest tests/reports` writes the texts anew: look at what `git diff` says of them.
    """

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("JND_BENCH_REGENERATE"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        stored = path.read_text(encoding="utf-8")
        assert _NUMBER.sub("0", text) == _NUMBER.sub("0", stored), f"{path}: its words or columns changed"
        for given, expected in zip(_NUMBER.findall(text), _NUMBER.findall(stored), strict=True):
            digits = len(expected.partition(".")[2])
            assert float(given) == pytest.approx(float(expected), abs=1.5 * 10.0**-digits), f"{path}: a number changed"

    return check
