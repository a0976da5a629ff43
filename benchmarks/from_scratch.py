"""What each loss makes of random weights under one budget: people, batches, augmentation, rates, epochs.

Both packs come from ``facenet-app data prepare``; nobody is in both. The test people are measured before the
first batch and after the last one, never in between, so nothing is chosen on them. A run that
was stopped goes on where it was (its minutes are then those since). ::

    python benchmarks/from_scratch.py data/train data/test --out runs/scratch --epochs 20
    facenet-app evaluate --pairs pairsDevTest.txt --images lfw --model runs/scratch/triplet_semi_hard
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from measurement import machine_lines

from facenet_app.dataset.labelled import in_memory
from facenet_app.dataset.pack import open_pack
from facenet_app.embedding.networks import build_network
from facenet_app.training.config import TrainConfig
from facenet_app.training.losses import make_loss
from facenet_app.training.trainer import Trainer, TrainingResult

LOSSES = ("triplet_semi_hard", "triplet_batch_hard", "triplet_batch_all", "info_nce")
SHOWN = (1e-1, 1e-2, 1e-3)


@dataclass(frozen=True)
class Trained:
    """A finished run and the minutes it took."""

    loss: str
    result: TrainingResult
    minutes: float


def configuration(given: argparse.Namespace) -> TrainConfig:
    return TrainConfig.model_validate(
        {
            "seed": given.seed,
            "epochs": given.epochs,
            "precision": given.precision,
            "device": given.device,
            "report": False,
            "model": {"network": given.network, "dimension": given.dimension},
            "held_out": {"fmr": SHOWN[0], "every": given.epochs},
            "batch": {"people": given.people, "images": given.images},
            "augment": {},
            "optimizer": {"name": "adamw", "rate": given.rate, "weight_decay": 5e-4, "clip": 5.0},
            "schedule": {"name": "cosine", "warm_up": 1.0},
        }
    )


def trained(given: argparse.Namespace) -> list[Trained]:
    """One run for each loss, each from the same random weights."""
    learned, tested = in_memory(open_pack(given.train)), in_memory(open_pack(given.test))
    config, runs = configuration(given), []
    for loss in given.losses:
        torch.manual_seed(given.seed)
        network = build_network(given.network, given.dimension, unit=False)
        trainer = Trainer(network, learned, make_loss(loss), config, given.out / loss, tested)
        since = time.perf_counter()
        result = trainer.fit(resume=(given.out / loss).exists())
        runs.append(Trained(loss, result, (time.perf_counter() - since) / 60))
        print(f"{loss}: {runs[-1].minutes:.1f} minutes", flush=True)
    return runs


def rows(runs: list[Trained]) -> list[str]:
    """A Markdown table: TAR of the test people, each weighing alike."""
    head = " | ".join(f"TAR at FMR {rate:g}" for rate in SHOWN)
    lines = [f"| loss | {head} | minutes |", "|---" * (len(SHOWN) + 2) + "|"]
    start = runs[0].result.start
    assert start is not None
    named = [("random weights", start, 0.0)]
    named += [(run.loss, run.result.best, run.minutes) for run in runs if run.result.best is not None]
    for name, measured, minutes in named:
        numbers = " | ".join(f"{measured.weighted[rate]:.2%}" for rate in SHOWN)
        lines.append(f"| {name} | {numbers} | {minutes:.1f} |")
    lines.append("")
    lines.append(f"{start.mated_pairs:,} mated and {start.non_mated_pairs:,} non-mated pairs.")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("train", type=Path, help="pack to learn from")
    parser.add_argument("test", type=Path, help="pack of other people")
    parser.add_argument("--out", type=Path, default=Path("runs/scratch"))
    parser.add_argument("--losses", nargs="+", default=LOSSES)
    parser.add_argument("--network", default="resnet18")
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--people", type=int, default=45)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print("\n".join(rows(trained(given))))
    print("\n".join(machine_lines(["torch", "torchvision"])))


if __name__ == "__main__":
    main()
