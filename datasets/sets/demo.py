"""The demo set: real photographs that ship inside installed packages, and simulated observers.

No download, and nothing here was rated by people: `datasets.simulation.observers` says what the observers are, and
`python -m datasets.make_demo` computed their samples. Left out although scikit-image ships them: the left picture of
its motorcycle pair, for which it states no licence, and the Hubble deep field, whose noise the metric takes for detail
(nearly all observers notice above QF 85, which tells predictors apart by nothing).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import final

from datasets.common.errors import DataError, UserError
from datasets.core.codec import Jpeg
from datasets.core.dataset import Dataset, DatasetCard, Manifest, OpenOptions, hashes_of
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from datasets.core.picture_file import PictureFile
from datasets.core.viewing import PIXELS_PER_DEGREE
from datasets.sets._demo_photographs import PHOTOGRAPHS, read_crop
from datasets.sets._simulated_samples import OBSERVERS_METRIC, read_samples, refuse_options

SAMPLES = Path(__file__).with_name("demo_samples.csv")


@final
class Demo(Dataset):
    """Crops of the photographs with the committed samples."""

    card = DatasetCard(
        name="demo",
        title="Demo (simulated observers)",
        samples="simulated observers",
        terms="Photographs inside scikit-image, scikit-learn and matplotlib, each under its own terms: "
        + "; ".join(f"{photograph.source}: {photograph.terms}" for photograph in PHOTOGRAPHS)
        + ". No person has rated them: the samples are computed.",
        home="",
        redistributable=True,
        references=(OBSERVERS_METRIC,),
        needs_root=False,
    )

    @classmethod
    def open(cls, root: Path | None, options: OpenOptions) -> Dataset:
        """Find the photographs and read the committed samples; no pixels are decoded.

        :raises UserError: where the options ask for what simulated observers cannot give, or a root is named.
        :raises DataError: where a package is missing or ships another file, or the samples are damaged.
        """
        if root is not None:
            raise UserError("--root: the demo set comes with the installation and has none. Leave --root out.")
        refuse_options("the demo set", options)
        sampled = read_samples(SAMPLES, "Install jnd-bench again.")
        parts = hashes_of([SAMPLES], SAMPLES.parent)
        pictures = []
        for photograph in PHOTOGRAPHS:
            path = photograph.file()
            parts[f"{photograph.package}/{photograph.path}"] = photograph.checked_hash(path)
            for name, box in photograph.crops():
                if name not in sampled:
                    raise DataError(f"{SAMPLES}: has no samples of {name}. Install jnd-bench again.")
                ladder = CompressedLadder(
                    Jpeg(), PictureFile(path, functools.partial(read_crop, box=box), f"cut to {box}")
                )
                jnds = sampled[name].jnds.astype(float)
                pictures.append(
                    Picture(name, photograph.source, Jpeg(), PIXELS_PER_DEGREE, jnds, ladder_or_none=ladder)
                )
        return cls(tuple(sorted(pictures, key=lambda picture: picture.name)), Manifest(parts), _notes())


def _notes() -> tuple[str, ...]:
    jpegs = [photograph.source for photograph in PHOTOGRAPHS if photograph.was_jpeg]
    return (
        "The samples come from simulated observers, not from people.",
        f"JPEGs already before they were compressed here: {', '.join(jpegs)}.",
    )
