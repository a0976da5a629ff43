"""The card of a model that a run made: what it comes from and what was measured, without anybody's name."""

from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import dedent

from facenet_app import __version__
from facenet_app.training.config import ModelConfig, TrainConfig
from facenet_app.training.held_out import Measurement
from facenet_app.weights.manifest import Manifest

__all__ = ["Origin", "card"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What the weights come from: the data's size and digest, and what was measured on whom."""

    config: TrainConfig
    alignment: str
    people: int
    images: int
    fingerprint: str
    epoch: int
    measured: Measurement | None


def card(manifest: Manifest, origin: Origin) -> str:
    """The model's README in Markdown."""
    config, model = origin.config, origin.config.model or ModelConfig()
    settings = "".join(f", {name} {value}" for name, value in config.loss.settings.items())
    start = f"the weights of `{model.start}`" if model.start else "random weights"
    optimizer = f"{config.optimizer.name}, rate {config.optimizer.rate:g}, {config.schedule.name}"
    return dedent(f"""\
        # {manifest.title}

        Trained with facenet-app {__version__} on {datetime.now(UTC).date().isoformat()}, beginning
        with {start}.

        | | |
        |---|---|
        | network | `{manifest.network}`, {manifest.dimension} dimensions |
        | learned from | {origin.images:,} pictures of {origin.people:,} people, `{origin.alignment}` |
        | their SHA-256 | `{origin.fingerprint}` |
        | loss | `{config.loss.name}`{settings} |
        | batches | {config.batch.people} people × {config.batch.images} images |
        | optimizer | {optimizer} |
        | weights | of epoch {origin.epoch}; seed {config.seed} |
        | license | {manifest.license} |

        ## Measured

        {{measured}}

        The people it learned from say what it is good for: on others, with other cameras or of other ages,
        it may be worse. Measure it on pictures like yours (`facenet-app evaluate`), and measure a threshold
        there (`facenet-app calibrate`).
        """).replace("{measured}", _measured(manifest, origin.measured))


def _measured(manifest: Manifest, measured: Measurement | None) -> str:
    if measured is None:
        return "Nobody was held out of training, so nothing was measured."
    rates = "\n".join(
        f"| {rate:g} | {tar:.4f} | {measured.weighted[rate]:.4f} |" for rate, tar in measured.tar.items()
    )
    points = "".join(
        f"\n* Threshold for FMR {point.target_fmr:g}: {point.threshold:.4f}"
        for point in manifest.operating_points
    )
    return (
        f"On people held out of training ({measured.mated_pairs:,} mated and {measured.non_mated_pairs:,} "
        "non-mated pairs).\nThe epoch was chosen on them, so expect a little less elsewhere.\n\n"
        f"| FMR | TAR | TAR, each person alike |\n|---|---|---|\n{rates}{points and chr(10)}{points}"
    )
