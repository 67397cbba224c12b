"""`python -m sgjnd.predict`: the JPEG quality that a photograph needs."""

from __future__ import annotations

import argparse
import glob
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from baselines.learned.network.checkpoint import load_predictor
from baselines.learned.network.predictor import NetworkPredictor
from baselines.learned.network.search import DEFAULT
from datasets.codecs.jpeg import Jpeg
from datasets.common.commands import command_parser, printable, progress, run_command
from datasets.common.errors import UserError
from datasets.common.files import check_writable, users_path, write_atomically
from datasets.core.picture_forms import pictures_in
from sgjnd.answer import COMPARED_QF, SHIPPED, Answer, answer
from sgjnd.predictors import SgJndPredictor

EXAMPLES = """\
examples:
  python -m sgjnd.predict photo.png                       the quality at its JND, and what it saves
  python -m sgjnd.predict ~/Pictures --save small         every picture of a folder, compressed into another
  python -m sgjnd.predict 'shots/*.tif' photo.webp --sur 0.9 --json
      the smallest quality at which 90 % of people are satisfied, a JSON object a line
  python -m sgjnd.predict photo.png --explain             also photo-explained.png: where it would show first
  python -m sgjnd.predict photo.png --checkpoint mine.safetensors
      by a network of your own (python -m sgjnd.train)

What --save writes is upright and sRGB, whatever colour profile the photograph has: it looks like it in every viewer. It
has no other data of the photograph's file: no place, no date, no camera.

The network that comes with the installation was trained on simulated observers, not on people: take its answers as a
starting point, and train it on rated pictures where they matter:
  python -m datasets.get mcl-jci ARCHIVE --root ~/data/mcl-jci
  python -m sgjnd.train --dataset mcl-jci --root ~/data/mcl-jci --out mine.safetensors

Exit status: 0 done, 1 some pictures could not be used (the others are answered), 2 a wrong request.
"""
SEARCHES = ("scan", "grid", "bayes", "full")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    :returns: 0, or 1 where a picture could not be used.
    :raises UserError: for a request that cannot be carried out.
    """
    arguments = _parser().parse_args(argv)
    if arguments.sur is not None and not 0 < arguments.sur < 1:
        raise UserError(f"--sur is a share of people between 0 and 1, such as 0.75, not {arguments.sur:g}")
    files = find_files(arguments.images)
    _check_written(arguments, files)
    predictor = _loaded(arguments)
    if not arguments.quiet:
        print(printable(_trained_on(predictor.fitted_.about)), file=sys.stderr)
    failed = 0
    several = len(files) > 1
    for path in progress(files, "pictures", quiet=arguments.quiet or not several):
        try:
            reply = _answer(predictor, path, arguments)
        except UserError as error:
            failed += 1
            print(printable(f"left out: {error}"), file=sys.stderr)
            continue
        print(json.dumps(asdict(reply)) if arguments.json else printable(as_text(reply)), flush=True)
    if failed and several:
        print(f"{failed} of {len(files)} pictures could not be used", file=sys.stderr)
    return int(failed > 0)


def find_files(names: Sequence[str]) -> list[Path]:
    """The pictures that files, folders and globs stand for, in order, each once; of a folder, those that can be read.

    What a folder holds besides is counted on standard error.

    :raises UserError: where a name stands for nothing.
    """
    files: dict[Path, Path] = {}
    for name in names:
        try:
            inside = _files_of(name)
        except (OSError, ValueError) as error:  # e.g. too long a name
            raise UserError(f"{name}: cannot be looked for ({error})") from error
        for path in inside:
            files.setdefault(path.resolve(), path)
    return list(files.values())


def _files_of(name: str) -> list[Path]:
    path = users_path(name)
    if path.is_dir():
        inside, left_out = pictures_in(path)
        if not inside:
            raise UserError(f"{name}: the folder holds no pictures. {left_out}".rstrip())
        if left_out:
            print(printable(f"{name}: {left_out}"), file=sys.stderr)
        return inside
    if path.is_file():
        return [path]
    matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 (pathlib knows no absolute patterns)
    inside = [Path(match) for match in matches if Path(match).is_file()]
    if not inside:
        raise UserError(
            f"{name}: there is no such picture or folder (a pipe or a device is none), and as a pattern it "
            "matches nothing"
        )
    return inside


def as_text(reply: Answer) -> str:
    """An answer in a line or a few."""
    saving = 1 - reply.bytes / reply.bytes_at_95
    share = f"{100 * abs(saving):.0f} % {'fewer' if saving >= 0 else 'more'}"
    compared = f"{share} than the {reply.bytes_at_95:,} at quality {COMPARED_QF}"
    if reply.bytes >= reply.bytes_before:
        compared = f"no saving: the photograph's own file has {reply.bytes_before:,}. Keep that"
    line = (
        f"{reply.image} ({reply.width}x{reply.height}): JPEG quality {reply.quality}, at which "
        f"{100 * reply.sur:.0f} % of people see no difference (JND at QF {reply.jnd_qf:.1f}); "
        f"{reply.bytes:,} bytes, {compared}"
    )
    lines = [line, *reply.notes, *([f"wrote {reply.saved}"] if reply.saved else [])]
    return "\n  ".join(lines)


def _loaded(arguments: argparse.Namespace) -> NetworkPredictor[Any]:
    """The checkpoint's predictor, with the search that was asked for.

    :raises UserError: where it was trained for another codec, or has no patches to explain.
    """
    predictor = load_predictor(arguments.checkpoint or SHIPPED, device=arguments.device)
    if predictor.fitted_.codec != Jpeg.name:
        raise UserError(f"the checkpoint was trained for {predictor.fitted_.codec}, and photographs are made JPEG")
    if arguments.explain and not isinstance(predictor, SgJndPredictor):
        raise UserError(f"--explain draws patches of SG-JND, and the checkpoint is one of {predictor.card.name}")
    if isinstance(predictor, SgJndPredictor):
        predictor.settings = {**(predictor.settings or {}), "search": arguments.search}
    return predictor


def _answer(predictor: NetworkPredictor[Any], path: Path, arguments: argparse.Namespace) -> Answer:
    reply, encoded = answer(predictor, path, sur=arguments.sur)
    if arguments.save:
        saved = _saved_as(path, arguments.save)
        _write(saved, encoded)
        reply = replace(reply, saved=str(saved))
    if arguments.explain:
        from sgjnd.explain import explain

        drawn = _drawn_as(path, arguments.save)
        assert isinstance(predictor, SgJndPredictor)
        _write(drawn, explain(predictor, path, reply.quality))
        print(printable(f"{path}: wrote {drawn}"), file=sys.stderr)
    return reply


def _saved_as(path: Path, folder: Path) -> Path:
    return folder / f"{path.stem}.jpg"


def _drawn_as(path: Path, folder: Path | None) -> Path:
    return (folder or Path()) / f"{path.stem}-explained.png"


def _check_written(arguments: argparse.Namespace, files: Sequence[Path]) -> None:
    """Before anything is computed: two pictures must not become one file, and none may be written over."""
    folder = arguments.save
    if folder and folder.exists() and not folder.is_dir():
        raise UserError(f"--save {folder}: is a file. Name a folder.")
    if folder or arguments.explain:
        check_writable(folder or Path(), "--save" if folder else "--explain")
    sources = {path.resolve() for path in files}
    taken: dict[Path, Path] = {}
    for path in files:
        written = [_saved_as(path, folder)] if folder else []
        written += [_drawn_as(path, folder)] if arguments.explain else []
        for target in written:
            # the second test: a file system may take photo.JPG and photo.jpg for one file
            if target.resolve() in sources or (target.exists() and target.samefile(path)):
                raise UserError(f"{target}: is one of the pictures and would be overwritten. Name another folder.")
            if (other := taken.setdefault(target.resolve(), path)) is not path:
                raise UserError(f"{other} and {path} would both become {target}. Do them apart.")


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error


def _trained_on(about: Mapping[str, str]) -> str:
    warning = ""
    if "simulated" in about.get("samples", ""):
        warning = "; train it on people's samples where answers matter (--help says how)"
    return f"trained on {about.get('data', 'unknown data')} ({about.get('samples', 'unknown samples')}){warning}"


def _parser() -> argparse.ArgumentParser:
    p = command_parser(
        "sgjnd.predict", "Say at which JPEG quality people begin to notice that a photograph was compressed.", EXAMPLES
    )
    add = p.add_argument
    add("images", nargs="+", metavar="IMAGE", help="files, folders or quoted patterns")
    add("--checkpoint", type=users_path, metavar="FILE", help="a network of yours (default: the one that is installed)")
    add("--sur", type=float, metavar="SHARE", help="share of people to satisfy, e.g. 0.75 (default: the JND itself)")
    add("--save", type=users_path, metavar="DIR", help="write the compressed files into a folder")
    add("--explain", action="store_true", help="draw patch qualities and weights over the picture")
    add("--json", action="store_true", help="a JSON object a picture")
    add("--search", default=DEFAULT, choices=SEARCHES, help=f"how levels are tried (default: {DEFAULT})")
    add("--device", default="auto", choices=("auto", "cpu", "cuda"), help="where it computes (default: auto)")
    add("-q", "--quiet", action="store_true", help="answers, errors and warnings only")
    return p


if __name__ == "__main__":
    sys.exit(run_command(main))
