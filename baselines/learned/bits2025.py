"""Compression ratio as a predictor (2025): what a picture costs at one quality says how busy it is."""

from __future__ import annotations

from typing import final

from baselines.interface.card import Card
from baselines.learned._psnr_regression import PsnrRegression
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.picture import Picture
from datasets.core.reference import Reference


@final
class Bits2025(PsnrRegression):
    """Bits per pixel of the picture's file at one level, regressed to the PSNR at the JND."""

    quality: int = 50
    """JPEG QF, 1..100; of another codec, the level that stands as far along from the worst to the best."""

    card = Card(
        name="bits2025",
        title="Bits-per-pixel regression",
        references=(
            Reference(
                authors=(),
                title="Compression Ratio as Picture-Wise Just Noticeable Difference Predictor",
                venue="Mathematics 13(9):1445",
                year=2025,
                doi="10.3390/math13091445",
            ),
        ),
        deviations=(
            "Only the abstract could be read: that the compression ratio at one fixed setting predicts the PSNR at "
            "the JND is the paper's, the quality of 50 and the form of the regression are ours.",
            "Bits per pixel stand in for the compression ratio; on a logarithm, as here, the line is the same.",
            "BPG, of which there are no files, is predicted from JPEG bits; the paper compresses by the codec itself.",
            "The spread of the subjects around the line, and so the SUR curve, is ours.",
        ),
    )

    def feature(self, picture: Picture) -> float:
        """Bits per pixel.

        :raises UserError: where the quality is none of JPEG's.
        """
        if not 1 <= self.quality <= 100:
            raise UserError(f"bits2025 needs a JPEG quality of 1 to 100, not {self.quality!r}")
        if not picture.codec.has_file_sizes:
            file = Jpeg().encode(picture.reference, self.quality)
        else:
            levels = picture.codec.levels
            file = picture.ladder.encoded(int(levels[round((self.quality - 1) / 99 * (len(levels) - 1))]))
        return 8.0 * len(file) / picture.reference_luma.size
