"""The codecs. A new one is one file here with one final subclass of `Codec`; it is found by its name.

Another package adds one through the entry-point group `jnd_bench.codecs`. A name with an underscore is a piece that
codecs share. Listing them imports no encoder.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from types import ModuleType

from datasets.common.errors import PluginWarning, check_name
from datasets.core.codec import Codec

ENTRY_POINT_GROUP = "jnd_bench.codecs"


@functools.cache
def codecs() -> Mapping[str, Codec]:
    """Every codec by name, sorted; of two with one name, the first. What cannot be loaded warns and is left out."""
    known: dict[str, Codec] = {}
    for origin, load in _sources():
        try:
            loaded = load()
            for codec_class in _classes_of(loaded) if isinstance(loaded, ModuleType) else [loaded]:
                if not (isinstance(codec_class, type) and issubclass(codec_class, Codec)):
                    raise TypeError(f"{codec_class!r} is no subclass of datasets.core.codec.Codec")
                codec = codec_class()
                if known.setdefault(codec.name, codec) != codec:
                    raise ValueError(f"its name {codec.name!r} is taken")
        except (Exception, SystemExit) as error:  # a plug-in may fail in any way; the others must still be listed
            message = f"{origin} is left out: {type(error).__name__}: {error}"
            warnings.warn(message, PluginWarning, stacklevel=2)
    return dict(sorted(known.items()))


def codec_named(name: str) -> Codec:
    """The codec of a name.

    :raises UserError: where there is none; the text suggests near ones.
    """
    check_name("codec", name, codecs())
    return codecs()[name]


def _sources() -> Iterator[tuple[str, Callable[[], object]]]:
    """What may hold codecs, and how it is loaded."""
    for name in (info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")):
        yield f"datasets/codecs/{name}.py", functools.partial(importlib.import_module, f"{__name__}.{name}")
    for point in entry_points(group=ENTRY_POINT_GROUP):
        yield f"plug-in {point.value}", point.load


def _classes_of(module: ModuleType) -> list[type[Codec]]:
    classes = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Codec)]
    return [value for value in classes if value.__module__ == module.__name__]
