"""JNDs by rater and picture: first answers in a matrix, a rater's later answers to the same picture beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np


@dataclass(frozen=True)
class Rating:
    """One JND that one person gave.

    :param rater: whose.
    :param level: the JND, in levels of the codec.
    :param censored: whether the person noticed nothing even at the strongest compression.
    """

    rater: str
    picture: str
    level: float
    censored: bool = False


@final
@dataclass(frozen=True, eq=False)
class RatingTable:
    """Who gave which JND to which picture.

    :param raters: sorted, length R.
    :param pictures: sorted, length P.
    :param source_of: what folds group by, by picture.
    :param jnds: each rater's first answer, in levels, NaN where there is none, shape (R, P).
    :param censored: whether that answer was "nothing, even at the strongest", bool, shape (R, P).
    :param again: later answers: index of the rater, index of the picture, first and later level, shape (repeats, 4).
        They judge the rater and are no samples.
    """

    raters: tuple[str, ...]
    pictures: tuple[str, ...]
    source_of: Mapping[str, str]
    jnds: np.ndarray
    censored: np.ndarray
    again: np.ndarray

    @classmethod
    def of(cls, ratings: Iterable[Rating], source_of: Mapping[str, str]) -> RatingTable:
        """The table of ratings in the order in which they were given.

        :param source_of: source by picture; a picture that is not there is its own source.
        """
        listed = list(ratings)
        raters = {name: index for index, name in enumerate(sorted({rating.rater for rating in listed}))}
        pictures = {name: index for index, name in enumerate(sorted({rating.picture for rating in listed}))}
        jnds = np.full((len(raters), len(pictures)), np.nan)
        censored = np.zeros(jnds.shape, dtype=bool)
        again = []
        for rating in listed:
            cell = raters[rating.rater], pictures[rating.picture]
            if np.isnan(jnds[cell]):
                jnds[cell], censored[cell] = rating.level, rating.censored
            else:
                again.append((*cell, jnds[cell], rating.level))
        sources = {name: source_of.get(name, name) for name in pictures}
        return cls(tuple(raters), tuple(pictures), sources, jnds, censored, np.array(again).reshape(-1, 4))

    @property
    def rated(self) -> np.ndarray:
        """Where there is an answer, bool, shape (R, P)."""
        return ~np.isnan(self.jnds)

    def samples(self, picture: int, kept: np.ndarray) -> np.ndarray:
        """A picture's JNDs by the raters that are kept, shape (n,).

        :param kept: bool, shape (R,).
        """
        column = self.jnds[kept, picture]
        return column[~np.isnan(column)]
