"""Losses on a CUDA GPU: time, memory, share of a training step, and whether they make the CPU wait.

    uv run benchmarks/gpu_loss.py

1,800 unit vectors of 128 components, 40 a person: every loss forward and backward, beside the semi-hard
loss of sentence-transformers if it is installed; then a step of InceptionResnetV1 in bfloat16 on 1,800
random pictures, of which the semi-hard loss is to take under 3 %; then 32,768 embeddings. Ends with 1 if a
target was missed or there is no GPU. ``--device cpu --pictures 8`` tries the script without one.
"""

import argparse
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec

import torch
from measurement import Measurement, as_text, at_least, at_most, machine_lines
from torch import Tensor, nn
from torch.nn.functional import normalize

from facenet_app.embedding.networks import build_network
from facenet_app.training.losses import LOSSES, make_loss

COUNT, EACH, LARGE = 1800, 40, 32768
MOST_SHARE = 0.03


def batch(count: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Unit vectors on the device; labels stay on the CPU, as the trainer hands them over."""
    points = torch.randn(count, 128, generator=torch.Generator().manual_seed(0))
    return normalize(points).to(device).requires_grad_(), torch.arange(count) // EACH


def finished(device: torch.device) -> float:
    """The time once all work handed to the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def seconds(step: Callable[[], object], device: torch.device, rounds: int) -> float:
    """The best time of a step, after two to warm up."""
    best = float("inf")
    for number in range(rounds + 2):
        start = finished(device)
        step()
        if number >= 2:
            best = min(best, finished(device) - start)
    return best


def waits(step: Callable[[], object], device: torch.device) -> bool:
    """Whether a step makes the CPU wait for the GPU."""
    if device.type != "cuda":
        return False
    finished(device)
    torch.cuda.set_sync_debug_mode("error")
    try:
        step()
    except RuntimeError:
        return True
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return False


def learned(loss: nn.Module, embeddings: Tensor, labels: Tensor) -> Callable[[], None]:
    """A step that computes the loss and its gradient."""

    def step() -> None:
        loss(embeddings, labels).value.backward()

    return step


def losses(device: torch.device) -> list[Measurement]:
    embeddings, labels = batch(COUNT, device)
    rows = []
    for name in LOSSES:
        step = learned(make_loss(name), embeddings, labels)
        taken = seconds(step, device, 20)
        waiting = "waits for the GPU" if waits(step, device) else "does not wait"
        rows.append(Measurement(f"{name}, {COUNT:,} × 128", f"{taken * 1000:.2f} ms, {waiting}"))
    return rows


def peer(device: torch.device) -> list[Measurement]:
    if find_spec("sentence_transformers") is None:
        return []
    from sentence_transformers.sentence_transformer.losses import BatchSemiHardTripletLoss

    embeddings, labels = batch(COUNT, device)
    there = labels.to(device)
    theirs = BatchSemiHardTripletLoss(None, margin=0.2)
    ours = make_loss("triplet_semi_hard", margin=0.2, distance="euclidean")
    slow = seconds(lambda: theirs.compute_loss_from_embeddings([embeddings], there).backward(), device, 20)
    quick = seconds(learned(ours, embeddings, labels), device, 20)
    shown = f"{slow * 1000:.2f} ms : {quick * 1000:.2f} ms = {slow / quick:.1f} ×"
    return [at_least("semi-hard, times as fast as sentence-transformers", shown, slow / quick, 1, " ×")]


def training_step(device: torch.device, pictures: int) -> list[Measurement]:
    """The semi-hard loss beside forward and backward of the network it trains."""
    network = build_network("inception_resnet_v1", 128).to(device, memory_format=torch.channels_last).train()
    images = torch.randn(pictures, 3, 160, 160, device=device).to(memory_format=torch.channels_last)
    labels, loss = torch.arange(pictures) // EACH, make_loss("triplet_semi_hard")

    def step(with_loss: bool) -> None:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            embeddings = network(images)
        if with_loss:
            loss(embeddings, labels).value.backward()
        else:
            embeddings.float().square().sum().backward()

    bare = seconds(lambda: step(False), device, 5)
    whole = seconds(lambda: step(True), device, 5)
    embeddings, _ = batch(pictures, device)
    alone = seconds(learned(loss, embeddings, labels), device, 20)
    share = alone / bare
    return [
        Measurement(
            f"InceptionResnetV1, bfloat16, {pictures:,} pictures: forward and backward",
            f"{bare * 1000:.0f} ms, with the loss {whole * 1000:.0f} ms: {pictures / whole:,.0f} images/s",
        ),
        at_most("the semi-hard loss's share of that step", f"{share:.2%}", share, MOST_SHARE, "< 3 %"),
    ]


def large(device: torch.device) -> list[Measurement]:
    """So many embeddings that their distances with gradients would not be held: 4.3 GB a matrix."""
    rows = []
    for name in ("triplet_semi_hard", "triplet_batch_all", "triplet_batch_hard"):
        step = learned(make_loss(name), *batch(LARGE, device))
        torch.cuda.reset_peak_memory_stats(device)
        taken = seconds(step, device, 3)
        peak = torch.cuda.max_memory_allocated(device) / 1e9
        shown = f"{taken * 1000:.0f} ms, {peak:.2f} GB"
        rows.append(
            at_most(f"{name}, {LARGE:,} × 128", shown, peak, 4.3, "< 4.3 GB, one matrix of distances")
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--pictures", type=int, default=COUNT, help="in the training step")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit("There is no CUDA GPU here; run this on a machine with one.")
    print("\n".join(machine_lines(["torch"])))
    if device.type == "cuda":
        print(f"- GPU: {torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}")
    rows = [*losses(device), *peer(device), *training_step(device, arguments.pictures)]
    if device.type == "cuda":
        rows += large(device)
    print(as_text(rows))
    sys.exit(any(row.passed is False for row in rows))


if __name__ == "__main__":
    main()
