"""What was trained on which data set, and tested on which: one table of errors from all runs of a results folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from protocols.scoring.shuffles import errors_of_shuffles, mae_text, markdown_table
from protocols.store.share_names import split_transfer_name
from protocols.store.store import Store, StoredRun

_Trained = tuple[str, str, int]
"""A predictor, the label of other data sets, and how many sources of the test set were added."""


def transfer_table(runs: Sequence[StoredRun]) -> str:
    """Markdown, by truth and JND: a row for each predictor and what it was trained on, a column for each test set.

    Stored runs of the same predictors stand beside: on other test sets, trained on other sets, and trained on the
    tested set itself by cross-validation on the same folds.
    """
    stored = Store(runs[0].path.parents[3]).current_runs()
    tables = []
    for asked in dict.fromkeys(run.identity.asked for run in runs):
        of_truth = [run for run in runs if run.identity.asked == asked]
        about = f"truth {asked}; MAE in {runs[0].record.dataset.unit}"
        tables.append(f"{about} with its 95 % interval over sources\n\n{_table(_comparable(of_truth, stored))}")
    return "\n\n".join(tables)


def _comparable(runs: Sequence[StoredRun], stored: Iterable[StoredRun]) -> list[StoredRun]:
    """The stored runs that can stand in a table with the given ones of one truth."""
    first, methods = runs[0].identity, {_trained(run)[0] for run in runs}
    alike = [
        run
        for run in sorted(stored, key=lambda run: run.record.finished)
        if (run.identity.asked, run.identity.limit) == (first.asked, first.limit)
        and run.record.dataset.codec == runs[0].record.dataset.codec
        and _trained(run)[0] in methods
    ]
    is_adapted = any(_trained(run)[2] for run in runs)
    transferred = [run for run in alike if _trained(run)[1] and _is_dealt(run) == is_adapted]
    places = {(run.identity.dataset, run.identity.folds) for run in transferred}
    data = {run.identity.dataset: run.record.key_parts.get("data") for run in (*transferred, *runs)}
    return [
        run
        for run in alike
        if (run.identity.dataset, run.identity.folds) in places
        and run.record.key_parts.get("data") == data[run.identity.dataset]
    ]


def _table(runs: Sequence[StoredRun]) -> str:
    heads: dict[str, str] = {}
    cells: dict[_Trained, dict[str, str]] = {}
    for dataset in sorted({run.identity.dataset for run in runs}):
        tested = [run for run in runs if run.identity.dataset == dataset]
        heads[dataset] = f"{dataset} ({tested[0].record.dataset.samples})"
        errors, sources = errors_of_shuffles(tested)
        for name, shuffles in errors[tested[0].identity.asked].items():
            cells.setdefault(split_transfer_name(name), {})[dataset] = mae_text(shuffles, sources)
    lines = []
    for trained in sorted(cells, key=lambda trained: (trained[0] != "constant", trained[0], not trained[1], trained)):
        predictor, label, count = trained
        added = f" + {count} of the test set's sources" if count else ""
        on = f"{label}{added}" if label else "the test set's other folds"
        lines.append([predictor, on, *(cells[trained].get(dataset, "") for dataset in heads)])
    return markdown_table(["predictor", "trained on", *heads.values()], lines)


def _trained(run: StoredRun) -> _Trained:
    return split_transfer_name(run.identity.predictor)


def _is_dealt(run: StoredRun) -> bool:
    return run.identity.folds.startswith("dealt")
