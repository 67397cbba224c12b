"""What the words and names of a report mean, for readers who meet them for the first time."""

from __future__ import annotations

from collections.abc import Iterable

from reports.results.section_scores import columns

_WORDS = {
    "JND": "just noticeable difference: here the compression level at which an observer begins to see a difference "
    "from the reference. Each observer has one for each picture.",
    "level": "one step of the codec's own quality scale, such as JPEG's quality factor (QF) 1 to 100.",
    "truth": "which level counts as a picture's JND where observers differ: their mean, their median, or the level at "
    "which 50 % or 75 % of them see nothing (sur50, sur75).",
    "simulated observers": "a computation, no people: a visibility (by ColorVideoVDP, where the set names no other "
    "metric) is compared with criteria that are drawn at random.",
    "source": "a photograph. Crops of one photograph count as one source in folds, intervals and tests.",
    "folds": "the parts into which sources are divided: a method is trained on all but one and tested on that one, in "
    "turn. kfold5-v1 are the five parts that come with the set.",
    "constant": "the control: every picture gets the median level of the training pictures. It looks at no pixel.",
    "ceiling": "how well the observers themselves predict the truth: one half of them predicts the other half, or one "
    "observer predicts the others.",
    "interval": "95 % bootstrap interval: how far the number moves when sources are drawn anew.",
    "p": "how often chance alone would make as large a difference; below 0.05 is called significant, or more than "
    "chance.",
    "separable": "different by more than chance (5 %), all rows of the table taken into account.",
    "MAE": "mean absolute error: how many levels a prediction is off, on average over pictures.",
    "PLCC, SRCC, KRCC": "Pearson's, Spearman's and Kendall's correlation: 1 is perfect, 0 none, below 0 inverse.",
    "SUR": "satisfied user ratio: the share of observers who see no difference, at every level.",
    "PSNR": "peak signal-to-noise ratio of the compressed picture's luma, in dB; higher is nearer to the reference.",
    "-as-published": "the method with the threshold that its authors give, not one fitted on the training folds.",
    "-aic4, -konjnd": "the metric with the threshold that stands at 1 JND in the data of JPEG AIC-4 or KonJND-1k.",
}


def glossary() -> list[tuple[str, str]]:
    """Words with their meanings: those of the field, and names that predictors and settings carry."""
    return list(_WORDS.items())


def column_meanings(unit: str) -> Iterable[tuple[str, str]]:
    """The headings of the leaderboard's scores with their meanings.

    :param unit: of the levels.
    """
    return [(score.heading_in(unit), score.meaning) for score in columns()]
