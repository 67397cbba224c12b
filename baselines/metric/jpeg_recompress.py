"""jpeg-recompress, the command of jpeg-archive that web developers put before their uploads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from baselines.interface.card import Card
from baselines.metric._quality_search import TARGETS, QualitySearch
from datasets.common.errors import UserError
from datasets.core.reference import Reference

_DEFAULT = "medium"


@final
class JpegRecompress(QualitySearch):
    """Bisects the quality between 40 and 95 in six attempts, for a preset's SSIM.

    The presets were made for photographs of many megapixels: averaging down to 256 pixels hides most of the error. A
    picture of about 500 pixels is averaged little or not, reaches no preset, and is written at 95.
    """

    preset: str = _DEFAULT
    """`low`, `medium`, `high` or `veryhigh`: SSIM .999, .9999, .99995, .99999."""

    card = Card(
        name="jpeg-recompress",
        title="jpeg-recompress (SSIM search)",
        references=(
            Reference(
                authors=("D. G. Taylor",),
                title="jpeg-archive 2.2",
                venue="software",
                year=2015,
                url="https://github.com/danielgtaylor/jpeg-archive",
            ),
        ),
        deviations=(
            "The ladder's files are searched, libjpeg's in most sets; the tool encodes with mozjpeg.",
            "SSIM has a uniform window of 7x7 pixels, scikit-image's nearest to the 8x8 of the tool's iqa library.",
            "iqa's squares before down-scaling lie up to half a square elsewhere and mirror the border; here the "
            "remainder is cut off.",
            "Compressed luma is taken from decoded RGB, not from the file's own Y channel.",
            "The tool gives up where its file is larger than its input; here the input is a picture without a file.",
        ),
    )

    @classmethod
    def variants(cls) -> dict[str, dict[str, str]]:
        return {
            cls.card.name if preset == _DEFAULT else f"{cls.card.name}-{preset}": {"preset": preset}
            for preset in TARGETS
        }

    @classmethod
    def cost_of(cls, parameters: Mapping[str, Any]) -> str:
        """The tool's default stands in every run; the other presets look at each picture again."""
        return "light" if parameters.get("preset", _DEFAULT) == _DEFAULT else "slow"

    @property
    def target(self) -> float:
        if self.preset not in TARGETS:
            raise UserError(f"jpeg-recompress has no preset {self.preset!r}. It has {', '.join(TARGETS)}.")
        return TARGETS[self.preset]
