"""What raters do, in SQLite: whole or not at all, on the disk before it is acknowledged, never changed afterwards.

Every transaction that writes begins by taking the lock (`BEGIN IMMEDIATE`), so that one waits for another instead of
failing, and ends on the disk (`synchronous=FULL`), so that a kill at any moment loses nothing that was acknowledged.
Not for network drives.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import final

from datasets.common.errors import DataError

FILE = "ratings.sqlite"
_BUSY_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS invitation (token_hash TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS session (
  id TEXT PRIMARY KEY, token_hash TEXT UNIQUE, code_hash TEXT UNIQUE, consent_sha256 TEXT NOT NULL,
  started REAL NOT NULL, trial_type TEXT NOT NULL, viewing TEXT NOT NULL, seed INTEGER NOT NULL,
  px_per_cm REAL, distance_cm REAL, px_per_degree REAL, device_pixel_ratio REAL, zoom_k INTEGER, refresh_hz REAL,
  browser TEXT, automated INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS trial (
  number INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES session, place INTEGER NOT NULL, picture TEXT NOT NULL,
  kind TEXT NOT NULL, ladder TEXT, step INTEGER, issued REAL NOT NULL, UNIQUE (session, place)
);
CREATE INDEX IF NOT EXISTS trial_of_picture ON trial (picture, kind);
CREATE TABLE IF NOT EXISTS answer (
  trial INTEGER PRIMARY KEY REFERENCES trial, attempt TEXT NOT NULL UNIQUE, step INTEGER, censored INTEGER NOT NULL,
  noticed INTEGER, ms REAL NOT NULL, ms_after_flicker REAL, moves TEXT NOT NULL, switch_ms_mean REAL,
  switch_ms_max REAL, dropped REAL, device_pixel_ratio REAL NOT NULL, viewport TEXT NOT NULL, received REAL NOT NULL
);
"""
"""A trial's number is drawn at random, so that no browser takes a picture of another study from its cache; its place
counts within the session. An answer's trial is its key: a second answer cannot be stored."""


@final
class Database:
    """One study's file. Every transaction has a connection of its own, so any thread may use it.

    :raises DataError: where the file is no such database, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._open = self._connect()  # while one is open, SQLite does not tidy up after each of the others
            self._open.execute("PRAGMA journal_mode=WAL")
            self._open.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise DataError(
                f"{path}: cannot be opened ({error}). Is it a study's, on a disk of this machine?"
            ) from error

    def close(self) -> None:
        """Tidy up: everything is in the one file then."""
        self._open.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All that is done inside, or nothing."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the file, whatever others write meanwhile."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(self._connect()) as connection:
            connection.execute(begin)
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection
