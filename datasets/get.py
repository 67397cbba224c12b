"""`python -m datasets.get`: where a data set is given out, and its archive fetched, checked, unpacked and opened."""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from datasets.common.commands import command_parser, run_command
from datasets.common.errors import DataError, UserError, check_name
from datasets.common.files import users_path
from datasets.common.hashing import sha256_of_file
from datasets.core.dataset import Dataset, DatasetCard
from datasets.obtain.download import download
from datasets.obtain.unpack import unpack
from datasets.sets import dataset_classes, open_dataset

KNOWN_SHA256 = {"mcl-jci": "3d67a2a823b54e2102e89146a7c92837535b0e246a8e0531150434f35a604f7b"}
"""Hashes of archives by data set. MCL-JCI's was published by a third party, not by the set's owners."""

_EPILOG = """\
examples:
  python -m datasets.get mcl-jci                                where its owners give it out, under which terms
  python -m datasets.get mcl-jci MCL-JCI.zip --root data/mcl    check, unpack and open an archive you have
  python -m datasets.get mcl-jci https://... --root data/mcl    fetch it first

An interrupted call is resumed by the same call: bytes fetched and files unpacked are kept. The sets may not be
passed on, so nothing is fetched unless you name an address. 'python -m datasets.verify' then checks every file.
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    arguments = _parser().parse_args(argv)
    cards = {name: dataset.card for name, dataset in dataset_classes().items()}
    check_name("data set", arguments.name, cards)
    card = cards[arguments.name]
    if arguments.archive is None:
        print(where_to_get(card))
        return 0
    if not card.needs_root:
        raise UserError(f"data set {card.name!r} comes with the installation: there is nothing to fetch or unpack")
    if arguments.root is None:
        raise UserError("--root DIR is missing: the folder to unpack into. It is made where it does not exist")
    if arguments.root.exists() and not arguments.root.is_dir():
        raise UserError(f"--root {arguments.root}: is a file. Name a folder to unpack into")
    known = _expected_sha256(arguments.sha256, card.name)  # a mistyped hash ends it before 1.6 GB are fetched
    fetched = "://" in arguments.archive
    archive = _fetch(arguments.archive, arguments.root, card.name) if fetched else _local(arguments.archive)
    check_hash(archive, None if arguments.no_hash_check else known, given=bool(arguments.sha256))
    counts = unpack(archive, arguments.root)
    litter = f", {counts['left out']} system files left out" if counts["left out"] else ""
    done = f"{counts['written']} files written, {counts['already there']} already there, {counts['replaced']} replaced"
    print(f"unpacked into {arguments.root}: {done}{litter}")
    folder, dataset = open_anywhere(card.name, arguments.root)
    others = [other for other in cards.values() if card.home and card.home == other.home and other is not card]
    print(_description(dataset, folder, others))
    if fetched and not arguments.keep_archive:
        archive.unlink()
    elif fetched:
        print(f"{archive} is kept; it is no longer needed.")
    return 0


def where_to_get(card: DatasetCard) -> str:
    """Where a set comes from, under which terms, and the next command, as text for people."""
    rows = [("owners", card.home), ("terms", card.terms), ("paper", card.citation), ("JNDs by", card.samples)]
    rows.append(("codecs", ", ".join(card.codecs)))
    if card.name in KNOWN_SHA256:
        rows.append(("sha256", f"{KNOWN_SHA256[card.name]} (published by a third party)"))
    wrap = textwrap.TextWrapper(110, subsequent_indent=" " * 11, break_long_words=False, break_on_hyphens=False)
    lines = [f"{card.title} ({card.name})"]
    lines += [wrap.fill(f"  {label:<9}{text}") for label, text in rows if text]
    if not card.needs_root:
        lines.append("Nothing has to be fetched: it comes with the installation and opens without --root.")
    elif not card.home:
        lines.append("Nobody gives it out: you make it yourself, and it opens with --root DIR.")
    else:
        lines.append("Get the archive there, then check, unpack and open it with:")
        lines.append(f"  python -m datasets.get {card.name} ARCHIVE_OR_URL --root DIR")
    return "\n".join(lines)


def check_hash(archive: Path, sha256: str | None, *, given: bool) -> None:
    """Compare an archive with the hash it should have.

    :param sha256: 64 hexadecimal digits; None checks nothing.
    :param given: whether the user gave it, or it is one of `KNOWN_SHA256`.
    :raises DataError: where they differ; the archive is left as it is.
    """
    if sha256 is None:
        return
    digest = sha256_of_file(archive)
    if digest == sha256:
        print(f"{archive}: sha256 as expected")
        return
    why = "you gave" if given else "a third party published for the archive of its time"
    raise DataError(
        f"{archive}: is not the archive whose hash {why}.\n"
        f"  expected sha256 {sha256}\n  found    sha256 {digest}\n"
        "Nothing was unpacked and the file is kept. If it was cut off or changed on the way, delete it and fetch it "
        "again; if its owners have packed it anew and you trust where you got it, repeat with --no-hash-check."
    )


def open_anywhere(name: str, root: Path) -> tuple[Path, Dataset]:
    """Open a set from the root, or from the one folder that its archive wraps everything in.

    :returns: the folder to give as `--root`, and the set.
    :raises DataError: where it opens nowhere; says why not at the root.
    """
    first: UserError | None = None
    for folder in _wrapping_folders(root):
        try:
            return folder, open_dataset(name, folder)
        except UserError as error:
            first = first or error
    raise DataError(f"{root}: was unpacked, but does not open as {name!r}: {first}") from first


def _wrapping_folders(root: Path) -> Iterator[Path]:
    folder = root
    while True:
        yield folder
        inside = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
        if len(inside) != 1:
            return
        folder = inside[0]


def _description(dataset: Dataset, folder: Path, others: list[DatasetCard]) -> str:
    plural = "" if len(dataset.pictures) == 1 else "s"
    pixels = "with pixels" if dataset.has_pixels else "labels only, without pixels"
    lines = [f"{dataset.card.name} opens from --root {folder}: {len(dataset.pictures)} picture{plural}, {pixels}"]
    lines += [f"note: {note}" for note in dataset.notes]
    lines += [f"the same archive serves {other.name}" for other in others]
    lines.append(f"check every file with: python -m datasets.verify {dataset.card.name} --root {folder}")
    return "\n".join(lines)


def _fetch(url: str, root: Path, name: str) -> Path:
    if urlsplit(url).scheme not in ("http", "https"):
        raise UserError(f"{url}: only http and https addresses can be fetched; or give the file of an archive")
    last = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    path = root / (last if re.fullmatch(r"\w[\w.-]*\.zip", last, re.IGNORECASE) else f"{name}.zip")
    if path.exists():
        print(f"{path} is there already and is not fetched again")
    download(url, path)
    return path


def _local(archive: str) -> Path:
    path = users_path(archive)
    if path.is_dir():
        raise UserError(f"{path}: is a folder. If it is the unpacked set, give it as --root to the other commands")
    if not path.is_file():
        raise UserError(f"{path}: there is no such archive. An address to fetch begins with https://")
    if not os.access(path, os.R_OK):
        raise UserError(f"{path}: may not be read. Change its rights, or copy it to where you may read it")
    return path


def _expected_sha256(given: str | None, name: str) -> str | None:
    if given is None:
        return KNOWN_SHA256.get(name)
    digits = given.lower().removeprefix("sha256:")
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise UserError(f"--sha256 {given}: is no sha256. Expected 64 hexadecimal digits")
    return digits


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "datasets.get", "Say where a data set is given out; or check, unpack and open its archive.", _EPILOG
    )
    parser.add_argument("name", help="the data set, e.g. mcl-jci")
    parser.add_argument("archive", nargs="?", metavar="ARCHIVE_OR_URL", help="a zip file, or its http(s) address")
    parser.add_argument("--root", type=users_path, metavar="DIR", help="the folder to unpack into")
    check = parser.add_mutually_exclusive_group()
    check.add_argument("--sha256", metavar="HEX", help="the hash the archive must have, instead of the known one")
    check.add_argument("--no-hash-check", action="store_true", help="unpack it whatever its hash")
    keep = argparse.BooleanOptionalAction
    parser.add_argument("--keep-archive", action=keep, default=True, help="keep a fetched archive when it is unpacked")
    return parser


if __name__ == "__main__":
    sys.exit(run_command(main))
