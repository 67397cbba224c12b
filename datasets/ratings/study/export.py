"""What was collected becomes a set: samples, raters with reasons, folds, report. It can be made again at any time."""

from __future__ import annotations

import statistics
from typing import Any

from datasets.common.commands import printable
from datasets.ratings.folder import write_report, write_tables
from datasets.ratings.judgement import judge
from datasets.ratings.page import page
from datasets.ratings.study.collected import Collected, collect
from datasets.ratings.study.folder import cut_off, write_about
from datasets.ratings.study.settings import CODEC
from datasets.ratings.study.study import Study
from datasets.ratings.summary import pictures_csv, summary
from datasets.sets.rated import FOLDS, PEOPLE, REPORT, SCRIPTS, SUMMARY


def export(study: Study, about: dict[str, Any], viewing: str | None = None) -> bool:
    """Write the set, and say what it is.

    :param about: the folder's, which is written with what the set needs.
    :param viewing: as `collect` takes it.
    :returns: whether there is a set.
    """
    collected = collect(study, viewing)
    write_about(study.root, {**about, "finished": False})  # a kill from here on leaves no set that looks whole
    if collected is None:
        print("Nobody has rated a picture yet, so there is no set.")
        return False
    judgement = judge(collected.table, CODEC, study.settings.rules, collected.sessions)
    kept = [rater for rater, is_kept in zip(collected.table.raters, judgement.kept, strict=True) if is_kept]
    degrees = statistics.median(collected.px_per_degree[rater] for rater in kept or collected.table.raters)
    who = "scripts" if collected.by_scripts else "people"
    lines = summary(judgement, _said(study, collected, degrees), who)
    texts = {
        SUMMARY: "\n".join(lines) + "\n",
        "pictures.csv": pictures_csv(judgement),
        "index.html": page(judgement, lines, who, has_pictures=True),
    }
    print(printable(texts[SUMMARY]), end="")
    (study.root / FOLDS).unlink(missing_ok=True)
    write_tables(study.root, judgement)
    write_report(study.root, texts)
    write_about(
        study.root,
        {
            **about,
            "samples": SCRIPTS if collected.by_scripts else PEOPLE,
            "automated": collected.by_scripts,
            "pixels_per_degree": degrees,
            "geometry_known": True,
            "viewing": collected.viewing,
            "finished": bool(kept),
        },
    )
    print(f"the report: {study.root / REPORT / 'index.html'}")
    if kept:
        print(f"run on it: python -m protocols.run --dataset rated --root {study.root}")
    return bool(kept)


def _said(study: Study, collected: Collected, px_per_degree: float) -> list[str]:
    aim, task = study.settings.aim_px_per_degree, "slider" if study.settings.trial == "slider" else "yes/no questions"
    shown = "alternated by themselves" if collected.viewing == "flicker" else "swapped while a key was held"
    said = [
        f"Task: {task}; pictures {shown}, at {px_per_degree:.1f} pixels a degree (median of those kept; aim {aim:.1f})."
    ]
    if collected.by_scripts:
        said.insert(0, "Scripts gave these ratings; nobody was asked.")
    elif collected.scripts:
        said.append(f"{collected.scripts} sessions of scripts are left out.")
    if collected.swapped:
        other = "swap" if collected.viewing == "flicker" else "flicker"
        said.append(f"{collected.swapped} sessions with the other viewing are left out: --viewing {other} takes them.")
    return said + (cut_off(study.pictures) if collected.viewing == "flicker" else [])
