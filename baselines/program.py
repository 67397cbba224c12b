"""A program as a predictor: whatever it is written in, a TOML file says how it is called and what it prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor, Prediction
from baselines.interface.program_file import read_program
from baselines.metric._base import SEARCHED, MetricPredictor
from baselines.metric._scores import Score
from datasets.common.errors import UserError, user_error_of
from datasets.core.picture import Picture


@final
class ProgramPredictor(JNDPredictor):
    """A program that says the level of a picture."""

    file: str = ""
    """The TOML file."""

    card = Card(name="program", title="A program", cost="slow")

    def ingredients(self) -> dict[str, str]:
        return read_program(self.file)[0].ingredients()

    def unavailable(self) -> str:
        return user_error_of(self.ingredients)

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """Its answer: `level`, and `sur` where it gives one.

        :raises UserError: where it fails, or prints something else.
        """
        program = read_program(self.file)[0]
        printed = program.run(picture.codec.name, {"image": picture.reference})
        if program.prints == "level":
            return {"level": np.array(program.number(printed))}
        try:
            answer = json.loads(printed)
            sur = answer.get("sur")
            level = {"level": np.array(float(answer["level"]))}
            return level if sur is None else {**level, "sur": np.array(sur, dtype=float)}
        except (AttributeError, ValueError, KeyError, TypeError) as error:
            raise UserError(f'{program.name}: printed no JSON object with a "level" but {printed[:80]!r}') from error

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> ProgramPredictor:
        return self

    def predict(self, picture: Picture) -> Prediction:
        answer = self.measurement(picture)
        return Prediction(float(answer["level"]), answer.get("sur"))


@final
class ProgramMetric(MetricPredictor):
    """A program that scores a level against its reference; a threshold is fitted to its scores."""

    file: str = ""
    """The TOML file."""

    card = Card(name="program-metric", title="A program's score", cost="slow", deviations=(SEARCHED,))

    def ingredients(self) -> dict[str, str]:
        return read_program(self.file)[0].ingredients()

    def against(self, reference: np.ndarray, pixels_per_degree: float) -> Score:
        program = read_program(self.file)[0]
        return lambda rgb: program.number(program.run("", {"reference": reference, "image": rgb}))

    def distance(self, score: float) -> float:
        program = read_program(self.file)[0]
        sign = -1 if program.higher_is_better else 1
        return max(sign * (score - program.identical), 0.0)


def described(file: str) -> dict[str, Any]:
    """What the `Registered` entry of a TOML file is made of.

    :raises UserError: as `baselines.interface.program_file.read_program`.
    """
    program, card = read_program(file)
    predictor = ProgramMetric if program.prints == "score" else ProgramPredictor
    return {"name": program.name, "predictor": predictor, "parameters": {"file": file}, "own_card": card}
