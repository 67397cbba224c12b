"""`python -m benchmarks.table`: what a run costs on this machine, as ratios, in Markdown.

Takes about a quarter of an hour on two cores. Nothing else should be running.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import scale
from datasets.codecs import codec_named
from datasets.common.commands import command_parser, run_command
from datasets.common.threads import usable_cores
from protocols.store.record import machine


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    p = command_parser("benchmarks.table", __doc__)
    p.add_argument("--only", choices=sorted(ROWS), nargs="+", metavar="ROW", help="some rows: " + ", ".join(ROWS))
    arguments = p.parse_args(argv)
    print(f"{machine()['processor']}, {usable_cores()} cores\n\n| what | measured | limit |\n|---|---|---|", flush=True)
    for name, row in ROWS.items():
        if not arguments.only or name in arguments.only:
            print(row(), flush=True)
    return 0


def _family() -> str:
    ratio, ladder_s = scale.family_ratio()
    return (
        f"| all {len(scale.classical())} classical predictors on a 1920x1080 picture, beside its bare ladder "
        f"({ladder_s:.2f} s) | {ratio:.2f} x | 4 x |"
    )


def _codecs() -> str:
    rows = []
    for name, limit in scale.CODEC_LIMITS.items():
        codec = codec_named(name)
        shown = codec.unavailable() or " x, ".join(f"{ratio:.1f}" for ratio in scale.codec_ratios(codec)) + " x"
        rows.append(f"| ladder of {codec.title} beside JPEG's, 640x480 and 1920x1080 | {shown} | {limit:g} x |")
    return "\n".join(rows)


def _folds() -> str:
    return f"| 5 folds under 2 truths, beside the visits alone | {scale.folds_ratio():.3f} x | 1.1 x |"


def _workers() -> str:
    return f"| 2 workers, beside 1 process | {scale.workers_ratio():.2f} x | 1.7 x |"


def _repetition() -> str:
    with scale.own_cache() as folder:
        took, imports = scale.repetition_s(folder)
        report = scale.report_s(folder)
    return (
        f"| a finished demo run again, beyond the imports ({imports:.2f} s) | {took - imports:.2f} s | 2 s |\n"
        f"| its report, built anew (45 predictors, imports included) | {report:.1f} s | |"
    )


def _pictures() -> str:
    found = scale.seconds_by_count()
    each = {count: seconds / count for count, seconds in found.items()}
    shown = ", ".join(f"{count}: {1000 * one:.0f} ms" for count, one in each.items())
    return f"| time per picture by number of pictures (640x480) | {shown} | linear |"


def _size() -> str:
    found = scale.seconds_by_size()
    shown = []
    for name, seconds in found.items():
        width, height = map(int, name.split("x"))
        shown.append(f"{name}: {seconds / (width * height / 1e6):.2f} s")
    return f"| time per megapixel by size | {', '.join(shown)} | linear |"


def _memory() -> str:
    worker, bare = scale.worker_memory_mib()
    return (
        f"| peak memory of a worker at 1920x1080 (Python and libraries: {bare:.0f} MiB) | {worker:.0f} MiB | 500 MiB |"
    )


ROWS: dict[str, Callable[[], str]] = {
    "family": _family,
    "codecs": _codecs,
    "folds": _folds,
    "workers": _workers,
    "repetition": _repetition,
    "pictures": _pictures,
    "size": _size,
    "memory": _memory,
}

if __name__ == "__main__":
    sys.exit(run_command(main))
