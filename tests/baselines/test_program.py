"""Protects programs as predictors: they see the picture, what they print is the answer, and failures say why."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from pathlib import Path

import numpy as np
import pytest

from baselines.interface.program_file import read_program
from baselines.interface.registry import choose_predictors
from datasets.common.errors import UserError
from protocols import run_benchmark

pytestmark = [
    pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell"),
    pytest.mark.usefixtures("empty_cache"),
]

C = r"""
#include <stdio.h>
/* Half the number of bytes of a PNG file that a KiB has, as a level: no method, but the file must be there. */
int main(int count, char **words) {
    FILE *file = fopen(words[1], "rb");
    if (!file) { fprintf(stderr, "no picture\n"); return 3; }
    fseek(file, 0, SEEK_END);
    printf("level %g\n", 20.0 + ftell(file) % 60);
    return 0;
}
"""


def described(folder: Path, script: str, **entries: object) -> str:
    """A shell script and the TOML file that describes it."""
    program = folder / "method.sh"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    about = {"name": "mine", "command": ["method.sh", "{image}"], **entries}
    file = folder / "mine.toml"
    file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in about.items()), encoding="utf-8")
    return str(file)


def made(file: str):
    ((entry,), _) = choose_predictors([file])
    return entry.make()


def test_a_level_is_the_last_number_printed(tmp_path, rated_pictures):
    predictor = made(described(tmp_path, 'test -s "$1" && echo "level 43.25"')).fit([], np.array([]), seed=0)
    assert predictor.predict(rated_pictures[0]).level == 43.25


def test_a_json_object_gives_the_curve_too_and_may_be_written_to_a_file(tmp_path, rated_pictures):
    ones = "for i in $(seq 99); do printf ', 1'; done"
    script = f"""{{ printf '{{"level": 30, "sur": [0'; {ones}; printf ']}}'; }} > "$3" """
    file = described(tmp_path, script, prints="json", command=["method.sh", "{image}", "{codec}", "{out}"])
    answer = made(file).fit([], np.array([]), seed=0).predict(rated_pictures[0])
    assert answer.level == 30 and answer.sur.tolist() == [0.0, *[1.0] * 99]


def test_a_score_is_asked_of_levels_and_gets_a_threshold(tmp_path, rated_pictures, true_levels):
    """The script counts bytes in which the two files differ; a metric of that kind finds the rated levels somehow."""
    script = 'cmp -l "$1" "$2" | wc -l'
    file = described(tmp_path, script, prints="score", command=["method.sh", "{reference}", "{image}"])
    predictor = made(file)
    predictor.levels, predictor.exact = 4, False
    few, levels = rated_pictures[:3], true_levels[:3]
    for picture in few:
        scores = predictor.measurement(picture)["scores"]
        assert len(scores) == 4 and scores.min() > 0
    assert all(1 <= predictor.fit(few, levels, seed=0).predict(picture).level <= 100 for picture in few)
    assert [predictor.distance(score) for score in (0.0, 5.0)] == [0.0, 5.0]


def test_a_score_may_be_higher_for_better_pictures(tmp_path):
    command = ["method.sh", "{reference}", "{image}"]
    file = described(tmp_path, "echo 90", prints="score", command=command, higher_is_better=True, identical=100)
    assert [made(file).distance(score) for score in (100.0, 90.0, 101.0)] == [0.0, 10.0, 0.0]


@pytest.mark.parametrize(
    ("script", "entries", "says"),
    [
        ("echo fine; echo no memory left >&2; exit 3", {}, "failed with status 3, saying: no memory left"),
        ("sleep 60 & wait", {"timeout_s": 0.2}, r"took more than 0.2 s \(timeout_s\)"),
        ("echo about fifty", {}, "printed no number at the end but 'about fifty"),
        ("echo 50", {"prints": "json"}, 'printed no JSON object with a "level" but \'50'),
        ("true", {"command": ["method.sh", "{image}", "{out}"]}, "wrote no file {out}"),
    ],
)
def test_a_failure_says_what_happened(tmp_path, rated_pictures, script, entries, says):
    with pytest.raises(UserError, match=says):
        made(described(tmp_path, script, **entries)).measure(rated_pictures[0])


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"comand": ["x"]}, "no entry in mine.toml 'comand'. Did you mean 'command'"),
        ({"timeout_s": "long"}, "timeout_s is 'long', expected int or float"),
        ({"prints": "levels"}, "no meaning of 'prints' in mine.toml 'levels'. Did you mean 'level'"),
        ({"command": ["method.sh"]}, "names no {image}, so it would see no picture"),
        ({"command": []}, "needs name"),
        ({"command": ["no-such-program", "{image}"]}, "neither beside it nor on the PATH"),
        ({"references": [{"title": "x"}]}, "a reference is not as expected"),
    ],
)
def test_a_description_that_is_wrong_says_how(tmp_path, entries, says):
    if "references" in entries:
        (tmp_path / "mine.toml").write_text('name = "m"\ncommand = ["sh", "{image}"]\n[[references]]\ntitle = "x"\n')
        file = str(tmp_path / "mine.toml")
    else:
        file = described(tmp_path, "echo 1", **entries)
    with pytest.raises(UserError, match=says):
        choose_predictors([file])


def test_another_script_or_version_is_another_run(tmp_path):
    file = described(tmp_path, 'echo "${1:-1}"', version=["method.sh", "2.0"])
    first = read_program(file)[0].ingredients()
    assert first.keys() == {"description", "method.sh", "version"}
    described(tmp_path, 'echo "${1:-2}"', version=["method.sh", "2.0"])
    second = read_program(file)[0].ingredients()
    assert {name for name in first if first[name] != second[name]} == {"method.sh"}


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_compiled_program_stands_in_the_table_beside_the_others(tmp_path):
    (tmp_path / "method.c").write_text(C, encoding="utf-8")
    subprocess.run(["cc", str(tmp_path / "method.c"), "-o", str(tmp_path / "method")], check=True)
    file = described(tmp_path, "", command=["method", "{image}"], name="in-c", title="In C")
    table = run_benchmark(
        "demo", [file, "constant"], truths=["mean"], limit=4, results=tmp_path / "results", quiet=True
    )
    row = table.set_index("predictor").loc["in-c"]
    assert row["status"] == "complete" and row["failed"] == 0 and row["ms_per_picture"] > 0
