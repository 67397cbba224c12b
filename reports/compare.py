"""`python -m reports.compare A B`: what changed between two results folders, and whether it is more than chance."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from typing import Any

from datasets.common.commands import command_parser, run_command
from datasets.common.files import users_path
from protocols.store.store import Identity
from reports.results.two_folders import Change, FolderChanges, Noise, PictureChange, RunChange, changes_between
from reports.results.written import SIGNIFICANT_DIGITS, decimal, one_line, significant

SCHEMA_VERSION = 1
_DECIMALS = 2
"""Of a picture's error."""

EXAMPLES = """\
examples:
  python -m reports.compare results ~/before-the-update/results
      what differs: runs that came or went, settings and versions, scores, the pictures whose error changed most
  python -m reports.compare old new --pictures 20
      twenty pictures of each run
  python -m reports.compare old new --json > changes.json
      everything, all pictures, for programs

how to read it:
  Runs are compared where data set, folds, truth, JND, limit and predictor are the same. The change of the mean absolute
  error comes with a 95 % interval from a paired bootstrap that resamples sources, not pictures; 'separable' means that
  chance explains it in fewer than 5 of 100 cases, after Holm's correction for the number of runs compared. A failed
  picture counts as the worst answer that the codec allows. Times differ by themselves and make no run different.

exit status: 0 nothing differs, 1 something does, 2 a wrong request
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    p = command_parser(
        "reports.compare",
        "Compare two results folders: what changed, where, and whether it is separable from noise.",
        EXAMPLES,
    )
    p.add_argument("before", type=users_path, metavar="A", help="a folder of stored runs")
    p.add_argument("after", type=users_path, metavar="B", help="another one; differences are B minus A")
    p.add_argument("--pictures", type=int, default=5, metavar="N", help="pictures listed for each run (default: 5)")
    p.add_argument("--json", action="store_true", help="all of it as JSON on standard output")
    arguments = p.parse_args(argv)
    if arguments.pictures < 0:
        p.error(f"--pictures is a number from 0 up, not {arguments.pictures}")
    changes = changes_between(arguments.before, arguments.after)
    print(changes_json(changes) if arguments.json else changes_text(changes, arguments.pictures))
    return 0 if changes.is_same else 1


def changes_json(changes: FolderChanges) -> str:
    """The changes for programs: the fields of `reports.results.two_folders.FolderChanges` by their names."""
    content: dict[str, Any] = {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(changes)}
    for values, change in zip(content["changed"], changes.changed, strict=True):
        if change.noise is not None:
            values["noise"]["separable"] = change.noise.is_separable
    return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)


def changes_text(changes: FolderChanges, pictures: int) -> str:
    """The changes for people.

    :param pictures: at most so many are listed for each run.
    """
    lines = [f"{changes.same} runs say the same in both, scores to {SIGNIFICANT_DIGITS} digits"]
    lines += [f"only in A: {_name(identity)}" for identity in changes.removed]
    lines += [f"only in B: {_name(identity)}" for identity in changes.added]
    for change in changes.changed:
        lines += ["", *_run_lines(change, pictures)]
    return "\n".join(lines)


def _run_lines(change: RunChange, most: int) -> Iterator[str]:
    yield _name(change.identity)
    yield f"  {_verdict(change)}"
    if change.other_truths:
        yield f"  the truth itself changed: {change.other_truths} of {change.common} pictures have another true level"
    for setting in change.settings:
        yield f"  setting  {_arrow(setting)}"
    for score in change.scores:
        yield f"  score    {_arrow(score)}"
    if not change.scores:
        yield f"  scores   the same to {SIGNIFICANT_DIGITS} digits"
    shown = _shown(change)
    for picture in shown[:most]:
        errors = f"error {_signed(picture.before)} -> {_signed(picture.after)}"
        yield f"  picture  {one_line(picture.picture)} ({one_line(picture.source)}): {errors} ({picture.change:+.2f})"
    if len(shown) > most:
        yield f"  and {len(shown) - most} more pictures whose error changed"
    if len(shown) < len(change.pictures):
        yield f"  and {len(change.pictures) - len(shown)} pictures whose error is the same to {_DECIMALS} decimals"


def _shown(change: RunChange) -> list[PictureChange]:
    """Pictures whose errors differ in the digits that are shown."""
    return [picture for picture in change.pictures if _signed(picture.before) != _signed(picture.after)]


def _verdict(change: RunChange) -> str:
    if not change.pictures:
        return f"the same predictions for all {change.common} pictures in both"
    if not _shown(change):
        return f"errors are the same to {_DECIMALS} decimals for all {change.common} pictures in both"
    if change.noise is None:
        return "errors changed; with fewer than two sources in both nothing can be said of noise"
    noise: Noise = change.noise
    verdict = "separable from noise" if noise.is_separable else "not separable from noise"
    way = "better" if noise.difference < 0 else "worse" if noise.difference > 0 else "no different on average"
    return (
        f"MAE {noise.difference:+.3f} [{noise.low:+.3f}, {noise.high:+.3f}] over {change.common} pictures, {way}: "
        f"{verdict} (p = {noise.p_holm:.3g} after Holm)"
    )


def _arrow(change: Change) -> str:
    before, after = _value(change.before), _value(change.after)
    if before == after:  # a setting counts to its last digit
        before, after = one_line(repr(change.before)), one_line(repr(change.after))
    return f"{one_line(change.name)}: {before} -> {after}"


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return significant(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = one_line(text)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _signed(value: float | None) -> str:
    return "failed" if value is None else ("+" if value > 0 else "") + decimal(value, _DECIMALS)


def _name(identity: Identity) -> str:
    limit = f", limited to {identity.limit}" if identity.limit else ""
    where = f"{identity.dataset}, folds {identity.folds}, truth {identity.truth}, JND {identity.jnd}{limit}"
    return one_line(f"{identity.predictor} ({where})")


if __name__ == "__main__":
    sys.exit(run_command(main))
