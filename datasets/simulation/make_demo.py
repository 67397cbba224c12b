"""`python -m datasets.simulation.make_demo`: compute the demo set's samples again, or check the committed ones."""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from datasets.common.commands import command_parser, run_command
from datasets.common.errors import UserError
from datasets.common.files import users_path, write_atomically
from datasets.core.picture import PIXELS_PER_DEGREE
from datasets.sets._simulated_samples import SampledPicture, describe, read_samples, samples_csv
from datasets.sets.demo import PHOTOGRAPHS, SAMPLES, read_crop
from datasets.simulation.curves import CurveJob, MeasuredCurve, SimulationSettings, measure_all

SETTINGS = SimulationSettings(pixels_per_degree=PIXELS_PER_DEGREE, observers=30, seed=0, every=1)
PROVENANCE = SAMPLES.with_suffix(".json")
TOLERANCE_QF = 1
"""JPEG libraries and processors differ in the last digits, and a loss at a criterion may fall to either side."""

_EPILOG = """\
Needs the extra [simulate] and about ten minutes of one core. A call that was interrupted goes on where it stopped.

examples:
  python -m datasets.simulation.make_demo --check   compute everything, compare with what is committed, change nothing
  python -m datasets.simulation.make_demo           write datasets/sets/demo_samples.csv and .json
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    :returns: 0; with `--check` 1 where a sample differs by more than `TOLERANCE_QF`.
    :raises UserError: where ColorVideoVDP is not installed, or a picture could not be measured.
    """
    arguments = _parser().parse_args(argv)
    if arguments.jobs < 1:
        raise UserError(f"--jobs is 1 or more, not {arguments.jobs}")
    measured = {m.name: m for m in measure_all(demo_jobs(), arguments.work, SETTINGS, workers=arguments.jobs)}
    if failed := [m for m in measured.values() if m.curve is None]:
        raise UserError("\n".join(f"{m.name}: {m.error}" for m in failed))
    sampled = {
        name: SampledPicture(photograph.source, SETTINGS.jnds(name, measured[name].curve))  # type: ignore[arg-type]
        for photograph in PHOTOGRAPHS
        for name, _ in photograph.crops()
    }
    print(describe(sampled))
    status = _compare(sampled) if arguments.check else _write(sampled, measured)
    for name in measured:
        (arguments.work / f"{name}.json").unlink()
    with contextlib.suppress(OSError):  # someone else's files are in it
        arguments.work.rmdir()
    return status


def demo_jobs() -> list[CurveJob]:
    """Every picture of the demo set, to be measured."""
    jobs = []
    for photograph in PHOTOGRAPHS:
        path = photograph.file()
        photograph.checked_hash(path)
        jobs += [CurveJob(name, functools.partial(read_crop, path, box)) for name, box in photograph.crops()]
    return jobs


def _write(sampled: Mapping[str, SampledPicture], measured: Mapping[str, MeasuredCurve]) -> int:
    header = {
        "what": "The JNDs in demo_samples.csv come from simulated observers, not from people; here is what they saw.",
        "made_by": "python -m datasets.simulation.make_demo",
        "made_with": SETTINGS.made_with(),
        "observed_with": SETTINGS.observed_with(),
        "pictures": "by name: hash of the pixels, and the loss in JOD at QF 1 to 100 in the most visible region",
    }
    lines = []
    for name in sorted(sampled):
        curve = measured[name].curve
        assert curve is not None
        lines.append(f' "{name}": {json.dumps({"pixels": measured[name].pixels, "loss_jod": curve.loss_jod})}')
    text = json.dumps({"about": header}, indent=1)[:-2] + ",\n" + ",\n".join(lines) + "\n}\n"
    write_atomically(PROVENANCE, text)
    write_atomically(SAMPLES, samples_csv(sampled))
    print(f"wrote {SAMPLES} and {PROVENANCE.name}")
    return 0


def _compare(sampled: Mapping[str, SampledPicture]) -> int:
    committed = read_samples(SAMPLES, "Write it with 'python -m datasets.simulation.make_demo'.")
    if set(committed) != set(sampled):
        print(f"the committed samples are of other pictures: {', '.join(sorted(set(committed) ^ set(sampled)))}")
        return 1
    away = {name: np.abs(committed[name].jnds - sampled[name].jnds) for name in sampled}
    every = np.concatenate(list(away.values()))
    print(f"{np.sum(every > 0)} of {every.size} samples differ from the committed ones, by at most {every.max()} QF")
    for name, difference in away.items():
        if difference.max() > TOLERANCE_QF:
            print(f"  {name}: by up to {difference.max()} QF")
    return int(every.max() > TOLERANCE_QF)


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "datasets.simulation.make_demo",
        "Compute the demo set's samples: what simulated observers notice in its pictures.",
        _EPILOG,
    )
    parser.add_argument("--check", action="store_true", help="compare with the committed samples; change nothing")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes, one core each (default 1)")
    parser.add_argument(
        "--work",
        type=users_path,
        default=Path("build/demo-curves"),
        metavar="DIR",
        help="where finished curves wait for the rest; removed at the end (default build/demo-curves)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(run_command(main))
