"""Which stored run is reused, and the reason in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.store.run_key import UNKNOWN
from protocols.store.store import Identity, Store, StoredRun


def reusable_run(
    store: Store, identity: Identity, key: str, key_parts: Mapping[str, Any], *, rerun: str
) -> tuple[StoredRun | None, str]:
    """The stored run that is reused, and the reason for people; None where it is to be computed.

    :param key: of the run as it would be computed now.
    :param rerun: `never` reuses any stored run of the same identity, `stale` those whose key is the same, `always`
        none.
    """
    stored = store.find(identity)
    same = stored[-1] if stored and stored[-1].key == key else None
    if rerun == "always":
        return None, "asked for by --rerun always"
    if same is not None and (same.status == "complete" or rerun == "never"):
        return same, f"stored {same.record.finished}, nothing it depends on has changed"
    if same is not None:
        return None, f"its stored run is {same.status}: pictures failed"
    if stored and rerun == "never":
        return stored[-1], "stored and stale, reused by --rerun never"
    if stored and UNKNOWN in key_parts:
        return None, f"{UNKNOWN}: {key_parts[UNKNOWN].partition(';')[0]}"
    if stored:
        return None, f"stale: {_changes(stored[-1].record.key_parts, key_parts)}"
    if damaged := store.damaged(identity):
        return None, f"damaged: {damaged[0].file}: {damaged[0].reason}"
    return None, "not stored yet"


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    changed = [name for name in now if before.get(name) != now[name]]
    return f"changed since it was stored: {', '.join(changed)}"
