"""What the trainer costs beside the network: a step against bare forward + backward, loss, wait for data.

Needs a CUDA GPU; ``--device cpu --people 4 --images 4`` runs the same on a CPU, to see that it works. The
pictures are noise in memory, so nothing is said about decoding, and all of the rest is as in training.

    python benchmarks/gpu_training.py
    python benchmarks/gpu_training.py --network mobilefacenet --chunk 450 --compile
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from measurement import as_markdown, as_text, at_most, machine_lines
from torch.nn import functional

from facenet_app.dataset.labelled import ArrayImages
from facenet_app.embedding.networks import build_network
from facenet_app.training.config import TrainConfig
from facenet_app.training.distributed import ALONE
from facenet_app.training.loop import Loop, Position
from facenet_app.training.losses import make_loss

BATCHES = 4
"""Of an epoch."""


def seconds(work: Callable[[], object], device: torch.device, times: int) -> float:
    """The median time of a call, after two that do not count."""
    taken = []
    for number in range(times + 2):
        _wait(device)
        start = time.perf_counter()
        work()
        _wait(device)
        if number >= 2:
            taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def prepared(given: argparse.Namespace) -> Loop:
    people, side = BATCHES * given.people, given.side
    pixels = np.random.default_rng(0).integers(0, 256, (people * given.images, side, side, 3), np.uint8)
    labels = np.repeat(np.arange(people), given.images)
    data = ArrayImages(pixels, labels, [str(number) for number in range(people)])
    config = TrainConfig.model_validate(
        {
            "device": given.device,
            "compile": given.compile,
            "augment": None if given.plain else {},
            "batch": {"people": given.people, "images": given.images, "chunk": given.chunk},
        }
    )
    network = build_network(given.network, given.dimension, unit=False)
    return Loop(network, data, make_loss("triplet_semi_hard"), config, ALONE, torch.device(given.device))


def training(loop: Loop, times: int) -> tuple[float, float]:
    """Median time of a step as the trainer takes it, and the share of the time spent waiting for data."""
    taken, waited, at = [], [], Position()
    while len(taken) < times + 2:
        since = time.perf_counter()
        for step in loop.steps(at):
            _wait(loop.device)
            taken.append(time.perf_counter() - since)
            waited.append(step.waited)
            since = time.perf_counter()
        at.epoch, at.batch = at.epoch + 1, 0
    return float(np.median(taken[2:])), sum(waited[2:]) / sum(taken[2:])


def bare(loop: Loop, count: int, side: int, times: int) -> float:
    """Forward and backward of the same network in the same precision, pictures on the device already."""
    faces = torch.randn(count, 3, side, side, device=loop.device).to(memory_format=torch.channels_last)
    half = loop.device.type == "cuda"
    loop.model.train()

    def once() -> None:
        with torch.autocast(loop.device.type, torch.bfloat16, enabled=half):
            vectors = loop.model(faces)
        vectors.float().sum().backward()
        loop.optimizer.zero_grad()

    return seconds(once, loop.device, times)


def loss_alone(loop: Loop, count: int, given: argparse.Namespace) -> float:
    """Forward and backward of the loss."""
    vectors = functional.normalize(torch.randn(count, given.dimension, device=loop.device)).requires_grad_()
    labels = torch.arange(given.people).repeat_interleave(given.images)

    def once() -> None:
        torch.autograd.grad(loop.loss(vectors, labels).value, vectors)

    return seconds(once, loop.device, 5 * given.times)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", default="inception_resnet_v1")
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--side", type=int, default=160, help="pixels")
    parser.add_argument("--people", type=int, default=45)
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--chunk", type=int, default=0)
    parser.add_argument("--times", type=int, default=10, help="steps measured")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--plain", action="store_true", help="without augmentation")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    loop, count = prepared(given), given.people * given.images
    step, wait = training(loop, given.times)
    alone = loss_alone(loop, count, given)
    network = bare(loop, count, given.side, given.times)
    share = alone / step
    rows = [
        at_most(
            f"training step, {given.network}, {count:,} images of {given.side} pixels",
            f"{1000 * step:.1f} ms ({count / step:,.0f} images/s), bare {1000 * network:.1f} ms",
            step / network,
            1.1,
            "< 1.1× bare forward + backward",
        ),
        at_most("semi-hard loss", f"{1000 * alone:.2f} ms ({share:.2%})", share, 0.03, "< 3 % of a step"),
        at_most("wait for data", f"{wait:.2%}", wait, 0.05, "< 5 % of a step"),
    ]
    print(as_markdown(rows) if given.markdown else as_text(rows))
    print("\n".join(machine_lines(["facenet-app", "torch", "torchvision"])))
    if loop.device.type == "cuda":
        peak = torch.cuda.max_memory_allocated(loop.device) / 2**30
        print(f"- GPU: {torch.cuda.get_device_name(loop.device)}, {peak:.1f} GiB at most")


if __name__ == "__main__":
    main()
