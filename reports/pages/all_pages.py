"""Every page of the report but the index, and which pictures have one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.pages.card import dataset_pages, method_pages
from reports.pages.files import Content, encoded
from reports.pages.inline_figures import PageFigures
from reports.pages.picture import picture_pages
from reports.pages.pixels import open_pixels
from reports.pages.predictor import predictor_pages
from reports.results.cards import dataset_entries
from reports.results.grid import chosen_pictures
from reports.results.sections import Section

DEFAULT_PICTURES = 30
"""Pages of pictures for each data set: the whole demo set, and few enough to build in seconds."""


@dataclass(frozen=True)
class PictureChoice:
    """Which pictures get pages.

    :param most: for each data set at most so many, those that predictors erred most on; None for all.
    :param include: shows pixels of data sets whose terms forbid to pass them on, too.
    """

    most: int | None = DEFAULT_PICTURES
    include: bool = False


USUAL_CHOICE = PictureChoice()


def pages(sections: Sequence[Section], figures: PageFigures, choice: PictureChoice) -> dict[str, Content]:
    """The pages by path; those of pictures are made when they are asked for.

    :raises DataError: where a run's files are damaged.
    """
    entries = dataset_entries(sections)
    names = {
        entry.name: chosen_pictures([section.grid for section in entry.sections], choice.most) for entry in entries
    }
    made: dict[str, Content] = {}
    for entry in entries:
        if names[entry.name]:
            source = open_pixels(entry, include=choice.include)
            made.update(picture_pages(entry, names[entry.name], source))
    texts: Mapping[str, str] = {
        **predictor_pages(sections, figures, names),
        **method_pages(sections),
        **dataset_pages(sections, names),
    }
    return {**made, **{path: encoded(text) for path, text in texts.items()}}
