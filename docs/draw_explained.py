"""Draws the figures of docs/explained.md and writes its table: `python docs/draw_explained.py`."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image

from datasets.core.imaging import png
from datasets.sets import open_dataset
from sgjnd.explain import explain
from sgjnd.networks import load_shipped
from sgjnd.predictors import SgJndPredictor

FOLDER = Path(__file__).parent
PAGE = FOLDER / "explained.md"
START, END = "<!-- table: written by python docs/draw_explained.py -->", "<!-- end of table -->"
SHOWN = ("astronaut-3", "chelsea-1", "china-1", "retina-2", "rocket-1", "ihc-4")
_QUALITY = 80


def main() -> None:
    """Ask the network that comes with the installation about some pictures of the demo set."""
    ((codec, predictor),) = load_shipped(["jpeg"], device="cpu").items()
    assert isinstance(predictor, SgJndPredictor)
    pictures = {picture.name: picture for picture in open_dataset("demo").pictures}
    rows = ["| picture | SG-JND says | simulated observers, mean | difference |", "|---|---:|---:|---:|"]
    (FOLDER / "explained").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in SHOWN:
            picture, file = pictures[name], Path(folder, f"{name}.png")
            file.write_bytes(png(picture.reference))
            level, truth = predictor.predict(picture.without_samples()).level, float(picture.samples.mean())
            drawn = Image.open(io.BytesIO(explain(predictor, codec, file, round(level)))).convert("RGB")
            drawn.save(FOLDER / "explained" / f"{name}.jpg", quality=_QUALITY)
            rows.append(f"| `{name}` | QF {level:.1f} | QF {truth:.1f} | {level - truth:+.1f} |")
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{START}\n\n" + "\n".join(rows) + f"\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
