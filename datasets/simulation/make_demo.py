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

from datasets.codecs import codec_named
from datasets.codecs.jpeg import Jpeg
from datasets.common.commands import command_parser, run_command
from datasets.common.errors import UserError
from datasets.common.files import users_path, write_atomically
from datasets.core.picture import PIXELS_PER_DEGREE
from datasets.sets._simulated_samples import SampledPicture, describe, read_samples, samples_csv
from datasets.sets.demo import PHOTOGRAPHS, read_crop, samples_file
from datasets.simulation.curves import CurveJob, MeasuredCurve, SimulationSettings, measure_all

TOLERANCE = 1
"""Whole levels: libraries and processors differ in the last digits, and a loss may fall to either side of one."""

_EPILOG = """\
Needs the extra [simulate] and about ten minutes of one core. A call that was interrupted goes on where it stopped.

examples:
  python -m datasets.simulation.make_demo --check        compute all, compare with what is committed, change nothing
  python -m datasets.simulation.make_demo                write datasets/sets/demo_samples.csv and .json
  python -m datasets.simulation.make_demo --codec webp   write datasets/sets/demo_samples_webp.csv and .json
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    :returns: 0; with `--check` 1 where a sample differs by more than `TOLERANCE`.
    :raises UserError: where ColorVideoVDP is not installed, or a picture could not be measured.
    """
    arguments = _parser().parse_args(argv)
    if arguments.jobs < 1:
        raise UserError(f"--jobs is 1 or more, not {arguments.jobs}")
    settings, work = demo_settings(arguments.codec), arguments.work / arguments.codec
    measured = {m.name: m for m in measure_all(demo_jobs(), work, settings, workers=arguments.jobs)}
    if failed := [m for m in measured.values() if m.curve is None]:
        raise UserError("\n".join(f"{m.name}: {m.error}" for m in failed))
    sampled = {
        name: SampledPicture(photograph.source, settings.jnds(name, measured[name].curve))  # type: ignore[arg-type]
        for photograph in PHOTOGRAPHS
        for name, _ in photograph.crops()
    }
    print(describe(sampled, settings.codec))
    status = _compare(sampled, settings) if arguments.check else _write(sampled, measured, settings)
    for name in measured:
        (work / f"{name}.json").unlink()
    with contextlib.suppress(OSError):  # another codec's files are in it, or someone else's
        work.rmdir()
        arguments.work.rmdir()
    return status


def demo_settings(codec: str) -> SimulationSettings:
    """The demo set's, for a codec by its name.

    :raises UserError: where it cannot encode here.
    """
    return SimulationSettings(PIXELS_PER_DEGREE, observers=30, seed=0, every=1, codec=codec_named(codec))


def demo_jobs() -> list[CurveJob]:
    """Every picture of the demo set, to be measured."""
    jobs = []
    for photograph in PHOTOGRAPHS:
        path = photograph.file()
        photograph.checked_hash(path)
        jobs += [CurveJob(name, functools.partial(read_crop, path, box)) for name, box in photograph.crops()]
    return jobs


def _write(
    sampled: Mapping[str, SampledPicture], measured: Mapping[str, MeasuredCurve], settings: SimulationSettings
) -> int:
    codec, table = settings.codec, samples_file(settings.codec.name)
    flag = "" if codec == Jpeg() else f" --codec {codec.name}"
    levels = f"{codec.unit} {codec.worst_level} to {codec.best_level}"
    if codec.step > 1:
        levels += f" in steps of {codec.step}"
    header = {
        "what": f"The JNDs in {table.name} come from simulated observers, not from people; here is what they saw.",
        "made_by": f"python -m datasets.simulation.make_demo{flag}",
        "made_with": settings.made_with(),
        "observed_with": settings.observed_with(),
        "pictures": f"by name: hash of the pixels, and the loss in JOD at {levels} in the most visible region",
    }
    lines = []
    for name in sorted(sampled):
        curve = measured[name].curve
        assert curve is not None
        lines.append(f' "{name}": {json.dumps({"pixels": measured[name].pixels, "loss_jod": curve.loss})}')
    text = json.dumps({"about": header}, indent=1)[:-2] + ",\n" + ",\n".join(lines) + "\n}\n"
    losses = table.with_suffix(".json")
    write_atomically(losses, text)
    write_atomically(table, samples_csv(sampled, codec))
    print(f"wrote {table} and {losses.name}")
    return 0


def _compare(sampled: Mapping[str, SampledPicture], settings: SimulationSettings) -> int:
    codec = settings.codec
    committed = read_samples(samples_file(codec.name), "Write it first, without --check.", codec)
    if set(committed) != set(sampled):
        print(f"the committed samples are of other pictures: {', '.join(sorted(set(committed) ^ set(sampled)))}")
        return 1
    away = {name: np.abs(committed[name].jnds - sampled[name].jnds) for name in sampled}
    every = np.concatenate(list(away.values()))
    most = f"{every.max()} {codec.unit}"
    print(f"{np.sum(every > 0)} of {every.size} samples differ from the committed ones, by at most {most}")
    for name, difference in away.items():
        if difference.max() > TOLERANCE:
            print(f"  {name}: by up to {difference.max()} {codec.unit}")
    return int(every.max() > TOLERANCE)


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "datasets.simulation.make_demo",
        "Compute the demo set's samples: what simulated observers notice in its pictures.",
        _EPILOG,
    )
    parser.add_argument("--codec", default=Jpeg.name, metavar="NAME", help=f"what compresses (default {Jpeg.name})")
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
