"""Names of files and anchors: safe on every file system, and different for different things."""

from __future__ import annotations

from datasets.common.hashing import sha256_of_bytes
from reports.results.sections import Section

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def safe_name(name: str) -> str:
    """The name itself where it is lower-case letters, digits, `-` and `_`; else cleaned, with a hash of it."""
    if name and len(name) <= 80 and set(name) <= _SAFE:
        return name
    cleaned = "".join(c if c in _SAFE else "_" for c in name.lower())[:60]
    digest = sha256_of_bytes(name.encode("utf-8", "backslashreplace"))
    return f"{cleaned}-{digest[:8]}"


def section_name(section: Section) -> str:
    """E.g. `demo-kfold5-v1-mean-jnd1`, with `-limit6` for a limited one."""
    identity = section.identity
    limit = f"-limit{identity.limit}" if identity.limit else ""
    state = f"-state{section.state}" if section.state else ""
    return safe_name(f"{identity.dataset}-{identity.folds}-{identity.truth}-jnd{identity.jnd}{limit}{state}")
