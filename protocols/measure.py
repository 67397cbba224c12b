"""One visit to each picture: its ladder's summary, and what every predictor measures there, on one or more cores.

What is measured depends on the picture and the method alone; folds and truths are applied to it afterwards.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from baselines.predictor import JNDPredictor
from datasets.cache import spent_before_ms
from datasets.errors import UserError
from datasets.ladder import LadderSummary
from datasets.picture import Picture
from protocols.picture_facts import PixelFacts, pixel_facts


@dataclass(frozen=True)
class Measured:
    """What one predictor found in one picture.

    :param value: what its `measure` gave; None where it failed.
    :param ms: what it took, the pass over the ladder included where the method used it.
    :param error: why it failed; empty where it did not.
    :param remark: what the predictor says of how it looked at the picture.
    """

    value: Any
    ms: float
    error: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Visit:
    """Everything learned from one picture's pixels.

    :param picture: the picture's name.
    :param summary: error and size per level; None without pixels or where the ladder is damaged.
    :param error: why there is no summary; empty where there is, or where there are no pixels at all.
    :param measured: by measurement key.
    :param pixels: what the reference's pixels say; None without pixels or where they cannot be read.
    """

    picture: str
    summary: LadderSummary | None
    error: str
    measured: dict[str, Measured]
    pixels: PixelFacts | None = None


def visit(picture: Picture, predictors: Sequence[JNDPredictor]) -> Visit:
    """Measure one picture with every predictor, then let its pixels go."""
    bare = picture.without_samples()
    summary, error = _summarise(bare)
    measured = {predictor.measurement_key(): _measure(bare, predictor) for predictor in predictors}
    pixels = None
    if picture.has_pixels:
        with contextlib.suppress(UserError):  # an unreadable reference has its error in every row already
            pixels = pixel_facts(bare.reference)
        picture.ladder.forget_pixels()
    return Visit(picture.name, summary, error, measured, pixels)


def visit_all(pictures: Sequence[Picture], predictors: Sequence[JNDPredictor], *, jobs: int) -> Iterator[Visit]:
    """`visit` every picture, in `jobs` processes; visits come as they are done.

    :raises UserError: where a worker process dies.
    """
    jobs = min(jobs, len(pictures)) if _worth_workers(pictures, predictors) else 1
    if jobs <= 1:
        for picture in pictures:
            yield visit(picture, predictors)
        return
    context = multiprocessing.get_context("spawn")
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")  # workers inherit it before they load any library
    lifeline, held_end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker, initargs=(lifeline,))
    try:
        with _interrupts_held():
            futures = [pool.submit(visit, picture, predictors) for picture in pictures]
        for future in as_completed(futures):
            yield future.result()
        pool.shutdown()
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process died, most often for want of memory. Runs already stored are kept; "
            "run the same command again with --jobs 1."
        ) from error
    finally:
        held_end.close()  # ends workers in the middle of a visit, where there are any left
        pool.shutdown(cancel_futures=True)


def apply(found: Visit, picture: Picture) -> None:
    """Put a visit's findings into a picture's memory, where its predictors will look for them."""
    if found.summary is not None and picture.has_pixels:
        picture.ladder.remember_summary(found.summary)
    for key, measured in found.measured.items():
        if not measured.error:
            picture.remember(key, lambda value=measured.value: value)  # type: ignore[misc]


def _summarise(picture: Picture) -> tuple[LadderSummary | None, str]:
    if not picture.has_pixels:
        return None, ""
    try:
        return picture.summary(), ""
    except Exception as error:  # a damaged picture fails alone; its error stands in its row
        return None, error_text(error)


def _measure(picture: Picture, predictor: JNDPredictor) -> Measured:
    reads = picture.ladder.summary_reads if picture.has_pixels else 0
    start, spared = time.perf_counter(), spent_before_ms()
    try:
        value, remark = predictor.measure(picture), predictor.remark(picture)
    except Exception as error:  # any method may fail in any way on one picture; the others go on
        return Measured(None, _ms_since(start, spared), error_text(error))
    ms = _ms_since(start, spared)
    shared = picture.has_pixels and picture.ladder.summary_reads > reads
    return Measured(value, ms + (picture.summary().ms if shared else 0.0), remark=remark)


def _ms_since(start: float, spared: float) -> float:
    """What a first measurement takes, however much of it was found in the cache."""
    return (time.perf_counter() - start) * 1000 + spent_before_ms() - spared


def error_text(error: Exception) -> str:
    """What to tell of an error: a user's error speaks for itself, any other names its kind."""
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


def _worth_workers(pictures: Sequence[Picture], predictors: Sequence[JNDPredictor]) -> bool:
    """Workers pay where there are pixels or measurements, and can be had only for predictors that can be sent."""
    measuring = [p for p in predictors if type(p).measure is not JNDPredictor.measure]
    for predictor in measuring:
        try:
            pickle.dumps(predictor)
        except Exception as error:  # whatever keeps a plug-in from travelling, one process can run it
            warnings.warn(f"{predictor.card.name} cannot be sent to workers ({error}): one process", stacklevel=3)
            return False
    return bool(measuring) or any(picture.has_pixels for picture in pictures)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C, not even while they start; it reaches the parent afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(lifeline: Connection) -> None:
    """One thread a worker, Ctrl-C left to the parent, and no life after the parent lets the lifeline go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    import cv2

    cv2.setNumThreads(1)


def _end_with(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()  # nothing is ever sent: it returns when the other end is closed, or its process killed
    os._exit(1)
