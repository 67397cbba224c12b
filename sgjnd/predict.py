"""`python -m sgjnd.predict`: the quality that a photograph needs, in JPEG or another codec."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from baselines.learned.network.predictor import NetworkPredictor
from baselines.learned.network.search import DEFAULT
from datasets.codecs import codec_named
from datasets.codecs.jpeg import Jpeg
from datasets.common.commands import command_parser, printable, progress, run_command
from datasets.common.errors import UserError
from datasets.common.files import check_writable, users_path, write_atomically
from datasets.common.memory import keep_memory
from datasets.core.codec import Codec
from datasets.core.picture_forms import find_files
from sgjnd.answer import Answer, answer, as_text, compared
from sgjnd.fast import SgJndFast
from sgjnd.networks import Networks, load_own, load_shipped, shipped
from sgjnd.predict_many import check_fast, predict_many
from sgjnd.predictors import SgJndLite, SgJndPredictor

EXAMPLES = """\
examples:
  python -m sgjnd.predict photo.png                       the JPEG quality at its JND, and what it saves
  python -m sgjnd.predict ~/Pictures --codec avif --save small
      every picture of a folder, compressed into another as AVIF
  python -m sgjnd.predict photo.png --codec jpeg webp avif --compare
      a line a codec, the smallest file first; --compare alone takes every codec that has a network here
  python -m sgjnd.predict 'shots/*.tif' photo.webp --sur 0.9 --json
      the worst level at which 90 % of people are satisfied, a JSON object a line
  python -m sgjnd.predict photo.png --explain             also photo-jpeg-explained.png: where it would show first
  python -m sgjnd.predict photo.png --checkpoint mine.safetensors
      by a network of your own (python -m sgjnd.train), in the codec that it was trained for
  python -m sgjnd.predict --fast ~/Pictures --out levels.csv
      levels of hundreds of photographs a minute, as sgjnd-fast guesses them, a row each; killed, it goes on from there

Fields of --json: image, width, height, codec; level (to use, in the codec's unit: a quality, of JPEG 2000 dB), jnd
(with a fraction), sur (share of people who see no difference at the level); bytes, bytes_at_jpeg_95, bytes_as_jpeg (at
JPEG's own JND; null where JPEG was not asked), bytes_before (of the photograph's own file); own_jpeg_quality (of that
file by its tables; null where it is no JPEG), keep_own (compressing it again is not worth it); notes, saved.

Fields of --fast, in --out and in --json: image, codec, level, jnd, sur, asked_sur (that of --sur), error (why a
photograph could not be used: such ones have a line, too, without a level). --fast compresses nothing.

What --save writes is upright and sRGB, whatever colour profile the photograph has: it looks like it in every viewer. It
has no other data of the photograph's file: no place, no date, no camera.

The networks that come with the installation were trained on simulated observers, not on people: take their answers as a
starting point, and train one on rated pictures where they matter:
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
    keep_memory(of_any_size=True)
    if arguments.sur is not None and not 0 < arguments.sur < 1:
        raise UserError(f"--sur is a share of people between 0 and 1, such as 0.75, not {arguments.sur:g}")
    check_fast(arguments)
    files = find_files(arguments.images)
    networks = _loaded(arguments)
    _check_written(arguments, files, list(networks))
    if not arguments.quiet:
        for line in dict.fromkeys(_trained_on(predictor.fitted_.about) for predictor in networks.values()):
            print(printable(line), file=sys.stderr)
    several = len(files) > 1
    failed = (predict_many if arguments.fast else _predict_each)(networks, files, arguments)
    if failed and several:
        print(f"{failed} of {len(files)} pictures could not be used", file=sys.stderr)
    return int(failed > 0)


def _predict_each(networks: Networks, files: Sequence[Path], arguments: argparse.Namespace) -> int:
    failed = 0
    for path in progress(files, "pictures", quiet=arguments.quiet or len(files) == 1):
        replies, errors = _answers(networks, path, arguments)
        failed += bool(errors)
        for error in errors:
            print(printable(f"left out: {error}"), file=sys.stderr)
        for reply in replies:
            line = json.dumps(asdict(reply)) if arguments.json else printable(as_text(reply, sur=arguments.sur))
            print(line, flush=True)
    return failed


def _loaded(arguments: argparse.Namespace) -> Networks:
    """The networks that are asked for, with the search that is asked for.

    :raises UserError: where there is none, its codec cannot encode here, or it has no patches to explain.
    """
    if not arguments.checkpoint:
        method = SgJndFast.card.name if arguments.fast else SgJndLite.card.name
        networks = load_shipped(_codec_names(arguments), method, device=arguments.device)
    elif arguments.compare:
        raise UserError("--compare asks the networks that come with the installation: leave --checkpoint out")
    else:
        networks = load_own(arguments.checkpoint, arguments.codec, device=arguments.device)
    for predictor in networks.values():
        if arguments.fast and not isinstance(predictor, SgJndFast):
            raise UserError(f"--fast takes a checkpoint of sgjnd-fast, and this one is of {predictor.card.name}")
        if arguments.explain and not isinstance(predictor, SgJndPredictor):
            raise UserError(f"--explain draws patches of SG-JND, and the checkpoint is one of {predictor.card.name}")
        if isinstance(predictor, SgJndPredictor):
            predictor.settings = {**(predictor.settings or {}), "search": arguments.search}
    return networks


def _codec_names(arguments: argparse.Namespace) -> list[str]:
    """The codecs that are asked for, each once."""
    if arguments.codec:
        return list(dict.fromkeys((*arguments.codec, *([Jpeg.name] if arguments.compare else []))))
    if not arguments.compare:
        return [Jpeg.name]
    codecs = [codec_named(name) for name in shipped()]
    for codec in codecs:
        if reason := codec.unavailable():
            print(f"without {codec.title}: {reason}", file=sys.stderr)
    return [codec.name for codec in codecs if not codec.unavailable()]


def _answers(networks: Networks, path: Path, arguments: argparse.Namespace) -> tuple[list[Answer], list[str]]:
    """A photograph's answers, the smallest file first, and what went wrong, each line once."""
    replies, errors = [], []
    for codec, predictor in networks.items():
        try:
            replies.append(_answer(predictor, codec, path, arguments))
        except UserError as error:
            errors.append(str(error))
    return compared(replies), list(dict.fromkeys(errors))


def _answer(predictor: NetworkPredictor[Any], codec: Codec, path: Path, arguments: argparse.Namespace) -> Answer:
    reply, encoded = answer(predictor, codec, path, sur=arguments.sur)
    if arguments.save:
        saved = _saved_as(path, codec, arguments.save)
        _write(saved, encoded)
        reply = replace(reply, saved=str(saved))
    if arguments.explain:
        from sgjnd.explain import explain

        drawn = _drawn_as(path, codec, arguments.save)
        assert isinstance(predictor, SgJndPredictor)
        _write(drawn, explain(predictor, codec, path, reply.level))
        print(printable(f"{path}: wrote {drawn}"), file=sys.stderr)
    return reply


def _saved_as(path: Path, codec: Codec, folder: Path) -> Path:
    return folder / f"{path.stem}{codec.suffix}"


def _drawn_as(path: Path, codec: Codec, folder: Path | None) -> Path:
    return (folder or Path()) / f"{path.stem}-{codec.name}-explained.png"


def _check_written(arguments: argparse.Namespace, files: Sequence[Path], codecs: Sequence[Codec]) -> None:
    """Before anything is computed: two pictures must not become one file, and none may be written over."""
    folder = arguments.save
    if folder and folder.exists() and not folder.is_dir():
        raise UserError(f"--save {folder}: is a file. Name a folder.")
    if folder or arguments.explain:
        check_writable(folder or Path(), "--save" if folder else "--explain")
    sources = {path.resolve() for path in files}
    taken: dict[Path, str] = {}
    for path, codec in itertools.product(files, codecs):
        written = [_saved_as(path, codec, folder)] if folder else []
        written += [_drawn_as(path, codec, folder)] if arguments.explain else []
        what = f"{path} in {codec.title}" if len(codecs) > 1 else str(path)
        for target in written:
            # the second test: a file system may take photo.JPG and photo.jpg for one file
            if target.resolve() in sources or (target.exists() and target.samefile(path)):
                raise UserError(f"{target}: is one of the pictures and would be overwritten. Name another folder.")
            if (other := taken.setdefault(target.resolve(), what)) != what:
                raise UserError(f"{other} and {what} would both become {target}. Do them apart.")


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


def _codec_name(text: str) -> str:
    """A value of --codec."""
    try:
        return codec_named(text).name
    except UserError as error:
        hint = " Name pictures before --codec." if Path(text).exists() else ""
        raise argparse.ArgumentTypeError(f"{error}{hint}") from error


def _parser() -> argparse.ArgumentParser:
    p = command_parser(
        "sgjnd.predict", "Say at which quality people begin to notice that a photograph was compressed.", EXAMPLES
    )
    add = p.add_argument
    add("images", nargs="+", metavar="IMAGE", help="files, folders or quoted patterns")
    add(
        "--codec",
        nargs="+",
        default=[],
        type=_codec_name,
        metavar="NAME",
        help="one or more, after the pictures (default: jpeg)",
    )
    add("--compare", action="store_true", help="with JPEG too; without --codec every codec that has a network here")
    add("--checkpoint", type=users_path, metavar="FILE", help="a network of yours (default: the one that is installed)")
    add("--sur", type=float, metavar="SHARE", help="share of people to satisfy, e.g. 0.75 (default: the JND itself)")
    add("--fast", action="store_true", help="by sgjnd-fast, which compresses nothing: many photographs")
    add("--out", type=users_path, metavar="FILE.jsonl|.csv", help="of --fast: a line a photograph, appended")
    add("--save", type=users_path, metavar="DIR", help="write the compressed files into a folder")
    add("--explain", action="store_true", help="draw patch qualities and weights over the picture")
    add("--json", action="store_true", help="a JSON object a picture")
    add("--search", default=DEFAULT, choices=SEARCHES, help=f"how levels are tried (default: {DEFAULT})")
    add("--device", default="auto", choices=("auto", "cpu", "cuda"), help="where it computes (default: auto)")
    add("-q", "--quiet", action="store_true", help="answers, errors and warnings only")
    return p


if __name__ == "__main__":
    sys.exit(run_command(main))
