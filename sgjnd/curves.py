"""Losses of a training as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from baselines.learned.network.nets.training import History


def draw_losses(histories: Sequence[History], *, title: str) -> bytes:
    """A PNG: training and held-out loss by epoch, a panel a training, the epoch that counts marked."""
    import matplotlib.style
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with matplotlib.style.context("default"):
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
