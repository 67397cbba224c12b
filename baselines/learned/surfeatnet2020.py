"""`surfeatnet2020`: the SUR at every level from pooled features of a pretrained network, and a GEV through it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from baselines.interface.card import Card, PublishedNumber
from baselines.learned.network.extractor import PictureFeatures
from baselines.learned.network.frozen_backbone import FrozenBackbonePredictor
from baselines.learned.network.imagenet_weights import channels_of
from baselines.learned.network.search.rules import Ask
from baselines.learned.network.settings import LOSSES, FeatureSettings, TrainingSettings, choice, count, positive, share
from baselines.learned.network.training_set import Fitted, Progress, TrainingSet
from datasets.common.errors import UserError
from datasets.common.threads import one_torch_thread
from datasets.core.codec import Codec
from datasets.core.gev import GevFit, gev_through
from datasets.core.picture import Picture
from datasets.core.reference import Reference

if TYPE_CHECKING:
    from baselines.learned.network.nets.sur_head import SurHead

_FOLDS = "The folds are the paper's own, which are public: fold k is tested and fold k + 1 is for validation."


@final
@dataclass(frozen=True)
class SurFeatNet2020Settings(FeatureSettings, TrainingSettings):
    """Settings of `surfeatnet2020`; those of features are `sgjnd-lite`'s, so that both share stored features.

    A GEV through the levels of the grid takes the place of a search: `search` and `evidence` stay as they are.

    :param components: principal components of each stage that pooled features are reduced to: some dozens of pictures
        cannot teach a layer of thousands of weights which channels matter.
    :param hidden: units between the features and the share.
    :param dropout: share of units left out in training.
    """

    title = "surfeatnet2020"

    components: int = count(12)
    hidden: int = count(64)
    dropout: float = share(0.25)
    loss: str = choice("squared", LOSSES)
    epochs: int = count(40)
    patience: int = count(10)
    learning_rate: float = positive(2e-3)
    batch: int = count(64)
    levels_per_picture: int = count(20)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.search, self.evidence) != ("grid", 100.0):
            raise UserError("surfeatnet2020 fits a GEV through the grid's levels: it has no search to set")


@final
@dataclass(frozen=True)
class GevCurve:
    """A GEV on a codec's levels as a curve over positions."""

    fit: GevFit
    codec: Codec

    @property
    def clipped(self) -> bool:
        """Whether the median lies outside the codec's range."""
        return not self.codec.lowest <= self.fit.quantile(0.5) <= self.codec.highest

    def noticeable(self, count: int) -> np.ndarray:
        """Share of people who notice at every level from the worst, shape (count,), never rising."""
        below = np.asarray(self.fit.cdf(self.codec.levels))
        return np.asarray(1 - below if self.codec.sign > 0 else below)

    def position_at(self, share: float) -> float:
        """Where that share of people is satisfied, counted from the worst level; may lie outside the range."""
        level = self.fit.quantile(share if self.codec.sign > 0 else 1 - share)
        return float(np.asarray(self.codec.position(level)))


@final
class SurFeatNet2020(FrozenBackbonePredictor["SurHead"]):
    """Regresses the share of people who notice each level; a GEV through the shares is the picture's SUR curve."""

    card = Card(
        name="surfeatnet2020",
        title="Lin et al. 2020 (SUR-FeatNet)",
        references=(
            Reference(
                authors=("H. Lin", "V. Hosu", "C. Fan", "Y. Zhang", "Y. Mu", "R. Hamzaoui", "D. Saupe"),
                title="SUR-FeatNet: Predicting the satisfied user ratio curve for image compression with deep feature "
                "learning",
                venue="Quality and User Experience 5:5",
                year=2020,
            ),
        ),
        published=(
            *(
                PublishedNumber(
                    "mcl-jci", "", "Bhattacharyya distance", value, _FOLDS, jnd, "sur-featnet-10", "bhattacharyya"
                )
                for jnd, value in ((1, 0.0810), (2, 0.0702), (3, 0.0522))
            ),
            *(
                PublishedNumber(
                    "mcl-jci",
                    "median of the JND distribution",
                    "absolute PSNR difference (dB)",
                    value,
                    f"Whether the subjects' median or the fitted curve's is not told. {_FOLDS}",
                    jnd=jnd,
                    folds="sur-featnet-10",
                    score="psnr_mae_db",
                )
                for jnd, value in ((1, 0.58), (2, 0.69), (3, 0.58))
            ),
            PublishedNumber(
                "mcl-jci",
                "",
                "Bhattacharyya distance",
                0.072,
                "SUR-Net's, the predecessor of this method; its folds are not known here.",
                score="bhattacharyya",
                method="SUR-Net (2019)",
            ),
        ),
        deviations=(
            "Reimplementation from the published description: frozen features of several stages of a pretrained "
            "network, pooled over the picture, of reference and level; fully connected layers that give the SUR of a "
            "level; a GEV through the SUR by least squares. Layers, loss, optimiser and epochs are ours.",
            "The backbone is EfficientNet-Lite0 with its ImageNet weights instead of an Inception network fine-tuned "
            "on pairs of distorted patches; no picture beyond the training folds is used.",
            "What a level changed is the root mean square of the difference of feature maps, pooled, instead of the "
            "difference of pooled features; pooled features are reduced to principal components of each stage.",
            "The SUR is asked at 20 evenly spaced levels instead of all.",
        ),
    )

    quick: ClassVar[dict[str, Any]] = {"settings": {"most_patches": 8, "grid_levels": 8, "epochs": 6}}

    def config(self) -> SurFeatNet2020Settings:
        return SurFeatNet2020Settings.of(self.settings)

    def train(
        self, training_set: TrainingSet, *, seed: int, folder: Path | None, progress: Progress
    ) -> Fitted[SurHead]:
        import torch

        from baselines.learned.network.nets.sur_head import VectorExamples
        from baselines.learned.network.nets.training import Training

        config = self.config()
        with one_torch_thread():
            pooled = [pooled_features(PictureFeatures.of(values), config) for values in training_set.measurements()]
            references, differences = (np.stack([pair[side] for pair in pooled]) for side in (0, 1))
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                network = self.new_network()
            network.reference.fit([references])
            network.difference.fit([differences])
            trained, held_out = next(training_set.held_out(1, seed))
            labels = training_set.labels(config.label)[:, self.extractor().positions(training_set.codec)]
            with torch.no_grad():
                reference = network.reference(torch.from_numpy(references))
                difference = network.difference(torch.from_numpy(differences))
            examples = VectorExamples(reference, difference, labels, trained, held_out, config)
            rates = [(network.layers.parameters(), config.learning_rate)]
            training = Training(network, rates, config, seed=seed, folder=folder)
            history = training.run(examples, progress=functools.partial(progress, 0))
        return training_set.fitted(network, config.label, [history])

    def new_network(self) -> SurHead:
        from baselines.learned.network.nets.sur_head import SurHead

        config = self.config()
        return SurHead(channels_of(self.backbone_name()), config.components, config.hidden, config.dropout)

    def ask(self, picture: Picture) -> Ask:
        features, config, network = self.features_of(picture), self.config(), self.fitted_.model
        return lambda positions: network.shares(*pooled_features(features(positions), config))

    def curve(self, picture: Picture) -> GevCurve:
        """The GEV nearest to the shares at the measured levels."""
        codec = picture.codec
        positions = self.extractor().positions(codec)
        satisfied = 1 - self.ask(picture)(positions)
        at = np.asarray(codec.level_at(positions))
        return GevCurve(gev_through(at, satisfied if codec.sign > 0 else 1 - satisfied), codec)


def pooled_features(features: PictureFeatures, config: FeatureSettings) -> tuple[np.ndarray, np.ndarray]:
    """Means over a picture's patches and tokens of the backbone's channels, those of the pixels left out.

    :returns: of the reference, shape (channels,), and of each level's differences, shape (levels, channels); float32.
    """
    from baselines.learned.network.nets.tokens import PIXEL_DIFFERENCE, PIXEL_REFERENCE

    skipped = (PIXEL_REFERENCE, PIXEL_DIFFERENCE) if config.pixels else (0, 0)
    reference = features.reference[..., skipped[0] :].mean(axis=(0, 1), dtype=np.float32)
    return reference, features.difference[..., skipped[1] :].mean(axis=(1, 2), dtype=np.float32)
