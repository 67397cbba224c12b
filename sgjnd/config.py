"""Every setting of SG-JND in one place, with its reason.

What is verified of the paper (Cao et al., ICIP 2024, arXiv 2408.04273): crops at the same random places of the
reference and of its compressed version; an ImageNet ResNet-50 whose stages are fused by cross-scale attention, the
semantic ones guiding the finer ones; a patch's quality and a patch's weight, combined into one value for the picture; a
sliding window over all quality factors. Sizes, counts, the label, the loss, the optimiser and the window's rule are
not: each such number below is ours, and no result of this code is the paper's.

The defaults are those of `sgjnd-lite`: the network with all that we add to it. `PAPER` turns the additions off again,
one setting each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from baselines.learned.network.settings import FeatureSettings, TrainingSettings, choice, count, positive, share
from datasets.common.errors import UserError

STAGES = {
    "all": "every stage, the pixels included",
    "backbone": "the backbone's stages, without the pixels: what the paper's network has",
    "last": "the most semantic stage alone (an ablation)",
    "pixels": "the pixel stage alone (an ablation)",
}
BRANCHES = {
    "both": "the reference, and what compression did to it",
    "reference": "the reference and the level alone: nothing is compressed (an ablation)",
    "difference": "what compression did, without the reference's content (an ablation)",
}

PAPER: Mapping[str, Any] = {
    "places": "random",
    "label": "hard",
    "search": "window",
    "components": 0,
    "distances": False,
    "stages": "backbone",
    "level_input": False,
    "members": 1,
}
"""The network as it is described, with nothing of ours: what differs from the defaults, and nothing else.

The label is left open. Hard decisions in a window over the levels suggest a network that learned hard decisions. The
paper's network is trained with its backbone, which `sgjnd` does; on a frozen one it is the ablation's `paper-0`.
"""


@dataclass(frozen=True)
class Config(FeatureSettings, TrainingSettings):
    """The settings; those of features and training are in the parts that this one joins.

    `patch_pixels` is 128: five degrees at 24.3 px/deg, so that a patch shows what it is a patch of, and four places of
    the coarsest stage along a side. `most_patches` is 48: a 1080p picture is 135 patches of 128 pixels, of which 48
    spread evenly cost a third. `token_cells` is 2: cells of 64 pixels, 2.6 degrees; more would be finer than what one
    glance takes in, and costs its square. `pixels` is on: a frozen classifier's first stage has lost much of what JPEG
    takes away; stored features have the pixel stage whether `stages` uses it or not. Training draws from the
    `grid_levels`, and the search finds them at no cost. `evidence` is 100: the network knows the level, so its answers
    already contain the population; the prior need not be strong.

    :param stages: one of `STAGES`.
    :param branches: one of `BRANCHES`.
    :param attention: whether stages are fused by cross-scale attention; else their tokens are put side by side.
    :param patch_weights: whether patches are weighed; else all count alike.
    :param distances: whether one number a stage, how far apart its maps are (as LPIPS measures it), is an input beside
        the differences channel by channel: what matters most need not be found among 512 channels.
    :param level_input: whether the level is an input: a network that sees pictures alone has to learn from the
        artefacts' size what the file says.
    :param components: principal components of each stage that tokens are reduced to, once for the reference and once
        for the difference; 0 for none: the head's own layer is given all channels. Some dozens of pictures cannot teach
        a layer of thousands of weights which of 512 channels matter.
    :param width: channels of a token inside the head.
    :param heads: of the attention.
    :param dropout: share of a layer's channels left out in training.
    :param members: heads trained on the same pictures, each stopped early on another share of the sources that it is
        not trained on; their probabilities are averaged. One head's stopping point is luck.
    :param heads_first: where the backbone is trained too, whether heads are trained on the frozen one before: one that
        knows nothing yet would undo the backbone's first layers before it has learned anything. Else both begin
        together.
    :param backbone_learning_rate: as `learning_rate`, for the backbone where it is trained. After `heads_first` the
        head goes on at a tenth of its own.
    """

    title = "SG-JND"

    stages: str = choice("all", STAGES)
    branches: str = choice("both", BRANCHES)
    attention: bool = True
    patch_weights: bool = True
    distances: bool = True
    level_input: bool = True
    components: int = count(12, least=0)
    width: int = count(32)
    heads: int = count(4)
    dropout: float = share(0.2)
    members: int = count(3)
    heads_first: bool = True
    backbone_learning_rate: float = positive(1e-4)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.heads:
            raise UserError(f"SG-JND's width ({self.width}) must be a multiple of its heads ({self.heads})")
        if self.stages == "pixels" and not self.pixels:
            raise UserError("SG-JND's stages='pixels' needs pixels=True: there would be no stage left")
