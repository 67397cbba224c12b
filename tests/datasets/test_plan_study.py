"""Protects the plan of a study: the numbers follow from MCL-JCI's variances, and what makes no study is refused."""

import numpy as np
import pytest

from datasets.common.errors import UserError
from datasets.core.gev import fit_gev_many
from datasets.plan_study import PERSON_SD_QF, SHAPE, main, people_for, sur75_width


def test_twenty_six_people_for_two_qf(capsys):
    assert people_for(2) == 26
    assert main(["--pictures", "50", "--target-se", "2"]) == 0
    said = capsys.readouterr().out
    marked = next(line for line in said.splitlines() if "<-" in line)
    assert marked.split()[:4] == ["26", "26", "25", "10.8"]
    assert "MCL-JCI" in said


def test_more_people_know_sur75_better():
    widths = [sur75_width(people) for people in (15, 25, 40)]
    assert widths == pytest.approx([12.2, 9.9, 7.3], abs=1)
    assert np.isnan(sur75_width(2))


def test_who_rates_some_pictures_needs_company(capsys, monkeypatch):
    monkeypatch.setattr("datasets.plan_study.sur75_width", float)
    main(["--pictures", "200", "--per-rater", "30"])
    assert "174" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [["--pictures", "0"], ["--pictures", "5", "--target-se", "0"], ["--pictures", "5", "--seconds", "nan"]]
)
def test_what_makes_no_study_is_refused(wrong):
    with pytest.raises(UserError):
        main(wrong)


def test_the_constants_are_those_of_the_labels(mcl_jci_labels):
    files = sorted((mcl_jci_labels / "JND_samples").glob("*.txt"))
    levels = np.array([[int(line.split()[0]) for line in file.read_text().splitlines()] for file in files], float)
    assert levels.std(axis=1, ddof=1).mean() == pytest.approx(PERSON_SD_QF, abs=0.01)
    assert np.median(fit_gev_many(levels).shape) == pytest.approx(SHAPE, abs=0.01)
