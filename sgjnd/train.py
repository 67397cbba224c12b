"""`python -m sgjnd.train`: train SG-JND on a rated data set and write a checkpoint."""

from __future__ import annotations

import argparse
import ast
import functools
import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from baselines.interface.measurements import measure_or_load
from baselines.learned.network.checkpoint import save_predictor
from baselines.learned.network.training_set import no_progress
from datasets.common.commands import command_parser, default_matplotlib, progress, run_command, whole_number
from datasets.common.errors import UserError
from datasets.common.files import check_writable, users_path, write_atomically
from datasets.common.memory import keep_memory
from datasets.core.dataset import Dataset, OpenOptions
from datasets.core.truths import find_truth
from datasets.sets import open_dataset
from sgjnd.fast import SgJndFast
from sgjnd.predictors import SgJnd, SgJndLite, SgJndPlus, WholeSgJnd

if TYPE_CHECKING:
    from baselines.learned.network.nets.training import History

EXAMPLES = """\
examples:
  python -m sgjnd.train --dataset demo --out demo.safetensors
      the demo set (simulated observers), a minute: shows that it works
  python -m sgjnd.train --dataset mcl-jci --root ~/data/mcl-jci --truth sqf --out mine.safetensors
      heads on frozen features; then: python -m sgjnd.predict photo.png --checkpoint mine.safetensors
  python -m sgjnd.train --dataset demo --codec webp --out demo-webp.safetensors
      for WebP: a network knows one codec
  python -m sgjnd.train --dataset konjnd-1k-jpeg --root DIR --method sgjnd --device cuda --out mine.safetensors
      the paper's network, backbone included; hours without a GPU. sgjnd-plus: with our additions
  python -m sgjnd.train --dataset demo --set dropout=0.3 --set backbone=efficientnet-lite2 --out other.safetensors
      other settings (sgjnd/config.py has them all, with reasons)

Killed or interrupted, the same command goes on from the last whole epoch. Losses are drawn beside the checkpoint.
"""
METHODS = {predictor.card.name: predictor for predictor in (SgJndLite, SgJndPlus, SgJnd, SgJndFast)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    :raises UserError: for a request that cannot be carried out.
    """
    arguments = _parser().parse_args(argv)
    keep_memory(of_any_size=True)
    _check(arguments)
    settings = dict(_setting(text) for text in arguments.set)
    if arguments.weights:
        settings["weights"] = arguments.weights
    predictor = METHODS[arguments.method](settings=settings, device=arguments.device)
    config = predictor.config()
    dataset = open_dataset(arguments.dataset, arguments.root, OpenOptions(jnd=arguments.jnd, codec=arguments.codec))
    if not dataset.has_pixels:
        raise UserError(f"--root {arguments.root}: holds labels only, and SG-JND learns from pictures")
    extractor = predictor.extractor()
    _print(arguments.quiet, f"{extractor.chosen.why}; {extractor.device}")
    truth = find_truth(arguments.truth)
    levels = np.array([truth.level(picture) for picture in dataset.pictures])
    if getattr(config, "heads_first", True):
        for picture in progress(dataset.pictures, "features of pictures", quiet=arguments.quiet):
            measure_or_load(picture, predictor)
            picture.ladder.forget_pixels()
    on_epoch = no_progress if arguments.quiet else functools.partial(_print_epoch, config)
    predictor.fit(dataset.pictures, levels, seed=arguments.seed, progress=on_epoch, resumes=True)
    _write(arguments, dataset, predictor)
    return 0


def about(dataset: Dataset, truth: str) -> dict[str, str]:
    """What a checkpoint says of its training data."""
    sources = len({picture.source for picture in dataset.pictures})
    notes = {"notes": " ".join(dataset.notes)} if dataset.notes else {}
    return {
        "data": f"{dataset.title}: {len(dataset.pictures)} pictures of {sources} sources",
        "samples": dataset.samples,
        "truth": truth,
        "manifest": dataset.manifest.sha256,
        **notes,
    }


def _check(arguments: argparse.Namespace) -> None:
    """What would else be found out only after the training."""
    out = arguments.out
    if out.suffix != ".safetensors" or out.is_dir():
        raise UserError(f"--out {out}: expected a file name that ends in .safetensors")
    check_writable(out.parent, "--out")


def _write(arguments: argparse.Namespace, dataset: Dataset, predictor: Any) -> None:
    chosen, histories = predictor.extractor().chosen, predictor.fitted_.histories
    sentences = about(dataset, arguments.truth) | {"backbone": chosen.why, "seed": str(arguments.seed)}
    save_predictor(arguments.out, predictor, sentences)
    wrote = f"{arguments.out} ({arguments.out.stat().st_size / 1e6:.1f} MB)"
    if histories:  # a regression has no epochs
        losses = arguments.out.with_suffix(".losses.png")
        write_atomically(losses, draw_losses(histories, title=sentences["data"]))
        best = ", ".join(f"{min(h.held_out or h.training):.4f} (epoch {h.best + 1})" for h in histories)
        _print(arguments.quiet, f"held-out loss of each training: {best}")
        wrote += f" and {losses}"
    _print(arguments.quiet, f"wrote {wrote}")
    _print(arguments.quiet, f"use it: python -m sgjnd.predict IMAGE --checkpoint {arguments.out}")


def draw_losses(histories: Sequence[History], *, title: str) -> bytes:
    """A PNG: training and held-out loss by epoch, a panel a training, the epoch that counts marked."""
    with default_matplotlib():
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        figure = Figure(figsize=(3.4 * len(histories) + 0.6, 3.2), layout="constrained")
        figure.suptitle(title, fontsize=10, parse_math=False)
        panels = figure.subplots(1, len(histories), sharey=True, squeeze=False)[0]
        for number, (axes, history) in enumerate(zip(panels, histories, strict=True), start=1):
            epochs = range(1, len(history.training) + 1)
            axes.plot(epochs, history.training, "k--", label="training")
            if history.held_out:
                axes.plot(epochs, history.held_out, "k-", label="held-out sources")
            axes.axvline(history.best + 1, color="0.6", linewidth=1, label="the epoch that counts")
            axes.set_title(f"training {number}", fontsize=10)
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[0].set_ylabel("loss")
        panels[0].legend(fontsize=8)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()


def _print_epoch(config: Any, member: int, epoch: int, history: History) -> None:
    """A line after every epoch, on a terminal in place."""
    name = f"head {member + 1}/{config.members}" if member < config.members else "whole network"
    held_out = f", held out {history.held_out[-1]:.4f}" if history.held_out else ""
    end = "\r" if sys.stderr.isatty() else "\n"
    line = f"{name}, epoch {epoch + 1}/{config.epochs}: loss {history.training[-1]:.4f}{held_out}"
    print(f"{line:<78}", end=end, file=sys.stderr, flush=True)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"--set {text}: expected NAME=VALUE, such as --set dropout=0.3")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _print(quiet: bool, line: str) -> None:
    if not quiet:
        print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    p = command_parser(
        "sgjnd.train",
        "Train SG-JND on a rated data set; write a checkpoint (safetensors) and a picture of the losses.",
        EXAMPLES,
    )
    add = p.add_argument
    add("--dataset", default="demo", metavar="NAME", help="data set (default: demo; python -m protocols.run --list)")
    add("--root", type=users_path, metavar="DIR", help="its folder")
    add("--codec", default="", metavar="NAME", help="for a set that opens in several, as demo does")
    add("--truth", default="mean", metavar="NAME", help="what 'the JND' means (default: mean)")
    add("--jnd", type=int, default=1, choices=(1, 2, 3), help="first, second or third JND (default: 1)")
    add("--out", type=users_path, required=True, metavar="FILE.safetensors", help="the checkpoint")
    methods = ", ".join(name for name, predictor in METHODS.items() if issubclass(predictor, WholeSgJnd))
    text = f"default: sgjnd-lite; {methods} train the backbone too (ResNet-50 where its weights can be had)"
    add("--method", default="sgjnd-lite", choices=METHODS, help=text)
    add("--weights", metavar="FILE|none", help="of the backbone: a .pth or .safetensors file, or none for random ones")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of sgjnd/config.py; repeatable")
    add("--seed", type=whole_number, default=0, metavar="N", help="of everything random (default: 0)")
    add("--device", default="auto", choices=("auto", "cpu", "cuda"), help="where it computes (default: auto)")
    add("-q", "--quiet", action="store_true", help="errors and warnings only")
    return p


if __name__ == "__main__":
    sys.exit(run_command(main))
