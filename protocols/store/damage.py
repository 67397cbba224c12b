"""Stored files that are damaged: how they are found, named, and set aside. Reading changes nothing.

What the store writes carries SHA-256 digests, so that a flipped byte is found before anything parses it: `run.json`
names the digest of `predictions.parquet` and that of its own other content.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from datasets.common.hashing import canonical_json, sha256_of_bytes
from protocols.store.record import Identity

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 3
"""Of `run.json`. Not part of a run's key: a new form of the file makes no run stale."""

_ROUNDS = 20
Content = TypeVar("Content")


class StoreWarning(UserWarning):
    """Something stored could not be read and was passed over."""


@dataclass(frozen=True)
class Damage:
    """What cannot be used.

    :param path: what is to be set aside: a run's folder, or a table.
    :param about: the identity of the run that it was, where that can be relied upon.
    """

    path: Path
    file: Path
    reason: str
    about: Identity | None = None

    def __str__(self) -> str:
        return f"{self.file}: passed over, damaged or not of this program ({self.reason})"


def sealed(info: Mapping[str, Any], table: bytes) -> dict[str, Any]:
    """The content of `run.json` with its schema version and digests.

    :raises ValueError: for a number that JSON has no form for.
    """
    plain = json.loads(json.dumps(dict(info), allow_nan=False))
    whole = {"schema_version": SCHEMA_VERSION, **plain, "predictions_sha256": sha256_of_bytes(table)}
    return {**whole, "sha256": sha256_of_bytes(canonical_json(whole))}


def unsealed(text: bytes) -> dict[str, Any]:
    """The content of a `run.json`, verified by its digest.

    :raises ValueError: where it is damaged or of another form.
    """
    try:
        info = json.loads(text.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(info, dict) or "schema_version" not in info:
        raise ValueError("it has no schema version")
    version = info["schema_version"]
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise ValueError(f"schema version {version!r}, this program reads {SCHEMA_VERSION}")
    rest = {name: value for name, value in info.items() if name != "sha256"}
    if sha256_of_bytes(canonical_json(rest)) != info.get("sha256"):
        raise ValueError("its digest is not that of its content")
    return info


def read_table(data: bytes, columns: Collection[str]) -> pd.DataFrame:
    """A Parquet table.

    :raises ValueError: where it cannot be read, or lacks one of the columns.
    """
    import pandas as pd

    try:
        table = pd.read_parquet(io.BytesIO(data))
    except Exception as error:  # pyarrow raises many kinds for a damaged file
        raise ValueError(f"cannot be read: {error}") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise ValueError(f"lacks the columns {', '.join(missing)}")
    return table


def read_settled(listing: Callable[[], list[Path]], read: Callable[[Path], Content | None]) -> dict[Path, Content]:
    """Read all that a folder holds while others may write there, so that nothing falls between an old and a new name.

    A listing may miss what is renamed into the folder meanwhile; so it is made again until it stays the same. What was
    not there when it was read may have got its name again since; so it is read once more.

    :param listing: what there is now, in order.
    :param read: the content; None for what is not there any more, or is none of ours.
    """
    contents: dict[Path, Content | None] = {}
    names, unread = listing(), list[Path]()
    for _ in range(_ROUNDS):
        contents = {path: contents[path] if contents.get(path) is not None else read(path) for path in names}
        unread_before, unread = unread, [path for path in names if contents[path] is None]
        before, names = names, listing()
        if names == before and (not unread or unread == unread_before):
            break
    return {path: content for path, content in contents.items() if content is not None}


def set_aside(path: Path) -> Path | None:
    """Rename what is damaged so that nothing reads, replaces or sweeps it.

    :returns: where it lies now; None where another process was faster.
    :raises OSError: where the folder cannot be written.
    """
    for number in range(1, 1000):
        aside = path.with_name(f".damaged-{path.name}" + (f"~{number}" if number > 1 else ""))
        if aside.exists() or aside.is_symlink():
            continue
        try:
            return path.rename(aside)
        except FileNotFoundError:
            return None
    raise OSError(f"{path.parent} holds too many damaged files of one name; look at them and remove them")
