"""A table that several processes and machines add rows to, without locks: `<table>-<digest>.parquet`.

A file is named by the digest of its content, so a damaged one is known, and no two writers can spoil each other's. A
writer stores what it adds together with all that it found, and then removes what it found. So nothing is ever lost:
where two wrote at once there are two files, which readers put together and the next writer makes one.

A file without a digest in its name is of schema 1.
"""

from __future__ import annotations

import glob
import re
import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.common.files import remove, write_atomically
from datasets.common.hashing import sha256_of_bytes
from protocols.store.damage import Damage, StoreWarning, read_settled, read_table, set_aside

if TYPE_CHECKING:
    import pandas as pd

_ROUNDS = 20
_DIGITS = 16


def merge_into(path: Path, columns: Collection[str], merged: Callable[[pd.DataFrame | None], bytes]) -> None:
    """Store a table that has what is there and what is new; damaged files are set aside.

    :param path: the table's, without a digest.
    :param merged: the new content as Parquet, from what is there already; None where nothing is.
    :raises OSError: where the folder cannot be written.
    """
    for _ in range(_ROUNDS):
        found = _read_all(path, columns)
        for damage in found.values():
            if isinstance(damage, Damage) and (aside := set_aside(damage.path)) is not None:
                warnings.warn(f"{damage} and set aside: {aside}", StoreWarning, stacklevel=3)
        content = merged(_joined(found))
        final = path.with_name(f"{path.stem}-{sha256_of_bytes(content)[:_DIGITS]}{path.suffix}")
        if final not in found or isinstance(found[final], Damage):
            write_atomically(final, content)
        for file, table in found.items():
            if file != final and not isinstance(table, Damage):
                remove(file)
        # Another process may have taken this file for one that its own has the rows of, while this did the same to it.
        if final.is_file():
            return


def read_merged(path: Path, columns: Collection[str]) -> pd.DataFrame | None:
    """The whole table, in order of the pictures' names; damaged files warn and are passed over.

    :param path: the table's, without a digest.
    :returns: None where nothing of it is there.
    """
    found = _read_all(path, columns)
    for damage in found.values():
        if isinstance(damage, Damage):
            warnings.warn(
                f"{damage}. To make it again: python -m protocols.run --predictors constant --rerun always, with the "
                "flags of the run",
                StoreWarning,
                stacklevel=3,
            )
    return _joined(found)


def _joined(found: dict[Path, pd.DataFrame | Damage]) -> pd.DataFrame | None:
    import pandas as pd

    tables = [table for table in found.values() if not isinstance(table, Damage)]
    if len(tables) < 2:
        return tables[0] if tables else None
    joined = pd.concat(tables, ignore_index=True).drop_duplicates("picture")
    return joined.sort_values("picture", ignore_index=True)


def _read_all(path: Path, columns: Collection[str]) -> dict[Path, pd.DataFrame | Damage]:
    name = re.compile(re.escape(path.stem) + rf"(-[0-9a-f]{{{_DIGITS}}})?" + re.escape(path.suffix))

    def listing() -> list[Path]:
        files = path.parent.glob(f"{glob.escape(path.stem)}*{path.suffix}")
        return sorted(file for file in files if name.fullmatch(file.name))

    return read_settled(listing, lambda file: _read(file, path, columns))


def _read(file: Path, path: Path, columns: Collection[str]) -> pd.DataFrame | Damage | None:
    try:
        data = file.read_bytes()
        if file != path and file.stem.removeprefix(f"{path.stem}-") != sha256_of_bytes(data)[:_DIGITS]:
            raise ValueError("its digest is not the one in its name")
        return read_table(data, columns)[list(columns)]
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        return Damage(file, file, str(error))
