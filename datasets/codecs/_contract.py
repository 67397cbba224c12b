"""The contract of codecs: the list of promises that every ladder relies on, each a function in `_promises`.

`python -m datasets.check CODEC` shows them as a table. A new promise is one function and one line in `CHECKS`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from datasets.codecs import _promises as promises
from datasets.codecs._promises import Trial
from datasets.common.contract import ABSENT, FAILED, OK, Outcome, fault_of
from datasets.core.codec import Codec


@final
@dataclass(frozen=True)
class Check:
    """One promise.

    :param name: as tables say it.
    :param protects: what goes wrong for a user where the promise is broken.
    :param run: raises AssertionError, with what to do, where it is broken.
    :param encodes: whether it needs an encoder.
    """

    name: str
    protects: str
    run: Callable[[Trial], None]
    encodes: bool = True


CHECKS = (
    Check("form", "flags, folders and axes go by what a codec says of itself", promises.form, encodes=False),
    Check(
        "library-named", "results of two versions are never taken for each other", promises.library_named, encodes=False
    ),
    Check(
        "refuses-to-encode",
        "no other codec stands in for one that is only read",
        promises.refuses_to_encode,
        encodes=False,
    ),
    Check("direction", "better is better", promises.direction),
    Check("sizes-rise", "a higher JND costs more bytes", promises.sizes_rise),
    Check("bytes-differ", "every level is one of its own", promises.bytes_differ),
    Check("error-falls", "searches find where a threshold is crossed", promises.error_falls),
    Check("lossy", "the scale has no jump at its end", promises.lossy),
    Check("odd-sizes", "crops of any size run", promises.odd_sizes),
    Check("colours-kept", "people see the picture's own colours", promises.colours_kept),
    Check("input-untouched", "ladders share pixels", promises.input_untouched),
    Check(
        "damage-refused",
        "a damaged file fails its picture alone, with its name",
        promises.damage_refused,
        encodes=False,
    ),
    Check("same-bytes-again", "a stored number can be made again", promises.same_bytes_again),
    Check("another-process", "workers and later runs agree", promises.another_process),
)


def run_contract(codec: Codec, picture: np.ndarray | None = None) -> Iterator[Outcome]:
    """Run every check, and give each outcome as soon as it is known.

    :param picture: uint8 RGB, shape (height, width, 3); None takes a small photograph.
    """
    trial = Trial(codec, photograph() if picture is None else picture)
    missing = codec.unavailable()
    for check in CHECKS:
        if missing and check.run is not promises.form:
            yield Outcome(check, ABSENT, missing)
        elif check.encodes and not codec.can_encode:
            yield Outcome(check, ABSENT, "it is only read: its levels come from a data set's files")
        else:
            fault = fault_of(functools.partial(check.run, trial))
            yield Outcome(check, FAILED if fault else OK, fault)


@functools.cache
def photograph() -> np.ndarray:
    """A face, uint8 RGB, shape (96, 128, 3), read-only."""
    from skimage import data

    pixels = np.array(data.astronaut()[40:136, 160:288])
    pixels.setflags(write=False)
    return pixels
