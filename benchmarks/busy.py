"""`python -m benchmarks.busy`: the CPU time of each command alone, and with two busy loops beside it, in Markdown.

A thread that spins while it waits for another takes CPU time for nothing, and more of it the busier the machine is.
CPU time is counted and not the clock's, so that other work on the machine hardly matters. Takes some minutes.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.photographs import write_photographs
from datasets.common.commands import command_parser, run_command

LIMIT = 1.5
"""What a command may take beside busy loops, in its CPU times alone."""

_RUN = "protocols.run -q --rerun always --limit 4 --predictors psnr wu2013 sgjnd-lite"
COMMANDS = {
    "predict": "sgjnd.predict -q photographs/photograph-000.png",
    "train": "sgjnd.train -q --out trained.safetensors --set grid_levels=4 --set epochs=2",
    "protocols, 1 job": f"{_RUN} --jobs 1 --results one",
    "protocols, 2 jobs": f"{_RUN} --jobs 2 --results two",
    "simulate": "datasets.simulate photographs --out set --every 20 --max-crops 1 --restart",
    "figures": "reports.build -q --results one --out report",
    "map": "baselines.map wu2013 photographs/photograph-000.png --out map.png",
}
"""Each in a folder with `photographs`, after those before it, with an empty cache."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    :returns: 1 where a command took more than `LIMIT`.
    """
    p = command_parser("benchmarks.busy", __doc__)
    p.add_argument("--only", choices=COMMANDS, nargs="+", metavar="COMMAND", help=f"some of: {', '.join(COMMANDS)}")
    p.add_argument("--rounds", type=int, default=3, metavar="N", help="the least of so many counts (default: 3)")
    arguments = p.parse_args(argv)
    print("| command | alone (CPU s) | beside two busy loops (CPU s) | ratio |\n|---|---:|---:|---:|", flush=True)
    ratios = []
    for name in arguments.only or COMMANDS:
        alone_s, beside_s = cpu_s(name, arguments.rounds)
        ratios.append(beside_s / alone_s)
        print(f"| {name} | {alone_s:.1f} | {beside_s:.1f} | {ratios[-1]:.2f} |", flush=True)
    return int(max(ratios) > LIMIT)


def cpu_s(name: str, rounds: int = 3) -> tuple[float, float]:
    """A command's CPU seconds, its processes' included, alone and beside two busy loops: the least of some rounds."""
    alone, beside = [], []
    with tempfile.TemporaryDirectory() as folder:
        write_photographs(Path(folder) / "photographs", 1, 768, 512)
        if name == "figures":
            _run_s(COMMANDS["protocols, 1 job"], Path(folder))
        for _ in range(rounds):  # by turns: what else the machine does changes
            alone.append(_run_s(COMMANDS[name], Path(folder)))
            with busy_loops(2):
                beside.append(_run_s(COMMANDS[name], Path(folder)))
    return min(alone), min(beside)


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """So many processes that each want a core."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _run_s(command: str, folder: Path) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        environment = {**os.environ, "JND_BENCH_CACHE": cache, "PYTHONPATH": str(Path(__file__).parents[1])}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", *command.split()], cwd=folder, env=environment, check=True, stdout=sys.stderr
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(run_command(main))
