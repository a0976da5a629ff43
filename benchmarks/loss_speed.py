"""Triplet losses against their peers: time and memory of forward and backward, each in a process of its own.

    uv run benchmarks/loss_speed.py

Random unit vectors, 1,800 of 128 components, 40 a person, margin 0.2 on Euclidean distances.
Prints a table and each target with PASS or FAIL, and ends with 1 if one was missed. A peer that needs more
memory than is free is stopped at that limit and its row says so. ``--large`` adds 32,768 embeddings with
our losses. Times are the best of several rounds, of the clock and of all processors together; targets are
judged by the clock, with ``--threads 1`` by the processor, which other programs disturb less. Needs Linux.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from measurement import Measurement, as_text, at_least, machine_lines
from torch import Tensor

MARGIN = 0.2
OURS, SENTENCES, METRIC = "facenet-app", "sentence-transformers", "pytorch-metric-learning"
LOSSES = ("triplet_semi_hard", "triplet_batch_all", "triplet_batch_hard")
LEAST_SPEEDUP = {
    ("triplet_semi_hard", SENTENCES): 2.5,
    ("triplet_semi_hard", METRIC): 50,
    ("triplet_batch_all", SENTENCES): 1,
    ("triplet_batch_all", METRIC): 1,
    ("triplet_batch_hard", SENTENCES): 1,
    ("triplet_batch_hard", METRIC): 1,
}
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Cost:
    """What forward and backward took."""

    clock: float
    processor: float
    megabytes: float
    value: float


def our_loss(name: str) -> Loss:
    from facenet_app.training.losses import make_loss

    loss = make_loss(name, margin=MARGIN, distance="euclidean")
    return lambda embeddings, labels: loss(embeddings, labels).value


def sentence_loss(name: str) -> Loss:
    from sentence_transformers.sentence_transformer import losses

    kind = {
        "triplet_semi_hard": losses.BatchSemiHardTripletLoss,
        "triplet_batch_all": losses.BatchAllTripletLoss,
        "triplet_batch_hard": losses.BatchHardTripletLoss,
    }[name]
    loss = kind(None, margin=MARGIN)
    return lambda embeddings, labels: loss.compute_loss_from_embeddings([embeddings], labels)


def metric_loss(name: str) -> Loss:
    from pytorch_metric_learning import distances, losses, miners

    distance = distances.LpDistance(normalize_embeddings=False)
    loss = losses.TripletMarginLoss(margin=MARGIN, distance=distance)
    if name == "triplet_batch_all":
        return loss
    miner = {
        "triplet_semi_hard": miners.TripletMarginMiner(
            MARGIN, type_of_triplets="semihard", distance=distance
        ),
        "triplet_batch_hard": miners.BatchHardMiner(distance=distance),
    }[name]
    return lambda embeddings, labels: loss(embeddings, labels, miner(embeddings, labels))


MAKERS = {OURS: our_loss, SENTENCES: sentence_loss, METRIC: metric_loss}


def batch(count: int, each: int) -> tuple[Tensor, Tensor]:
    points = torch.randn(count, 128, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(points).requires_grad_(), torch.arange(count) // each


def memory(name: str) -> float:
    """A line of this process's memory, in MiB: VmRSS now, or VmHWM at most."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


def work(implementation: str, name: str, count: int, rounds: int, threads: int) -> Cost:
    """Measure in this process: first the memory, then the best time of several rounds."""
    torch.set_num_threads(threads)
    loss = MAKERS[implementation](name)
    small, large = batch(80, 40), batch(count, 40)
    loss(*small).backward()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # VmHWM starts again from here
    before = memory("VmRSS")
    value = loss(*large)
    value.backward()
    peak = memory("VmHWM") - before
    clock, processor = [], []
    for _ in range(rounds):
        start, started = time.perf_counter(), time.process_time()
        loss(*large).backward()
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - started)
    return Cost(min(clock), min(processor), peak, value.item())


def measure(implementation: str, name: str, count: int, rounds: int, threads: int) -> Cost | None:
    """The same in a process of its own that may take 85 % of the free memory; None if that is too little."""
    limit = int(0.85 * psutil.virtual_memory().available)
    arguments = ["--worker", implementation, "--loss", name, "--count", str(count), "--rounds", str(rounds)]
    arguments += ["--threads", str(threads)]
    done = subprocess.run(
        [sys.executable, __file__, *arguments],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
        check=False,
    )
    if done.returncode and "memory" in done.stderr:
        return None
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def row(name: str, implementation: str, cost: Cost | None, ours: Cost) -> str:
    if cost is None:
        return f"| `{name}` | {implementation} | out of memory | | | | | |"
    return (
        f"| `{name}` | {implementation} | {cost.clock * 1000:,.0f} ms | {cost.clock / ours.clock:.1f} × | "
        f"{cost.processor * 1000:,.0f} ms | {cost.processor / ours.processor:.1f} × | "
        f"{cost.megabytes:,.0f} MiB | {cost.megabytes / ours.megabytes:.1f} × | {cost.value:.6f} |"
    )


def compare(name: str, threads: int) -> list[Measurement]:
    """Print the rows of a loss, and give its targets."""
    ours = measure(OURS, name, 1800, 20, threads)
    if ours is None:
        raise MemoryError("there is not even enough memory for our own loss")
    print(row(name, OURS, ours, ours), flush=True)
    verdicts = []
    for peer, rounds in ((SENTENCES, 10), (METRIC, 2)):
        cost = measure(peer, name, 1800, rounds, threads)
        print(row(name, peer, cost, ours), flush=True)
        times = space = float("inf")
        if cost is not None:
            times = cost.processor / ours.processor if threads == 1 else cost.clock / ours.clock
            space = cost.megabytes / ours.megabytes
        least = LEAST_SPEEDUP[name, peer]
        verdicts.append(at_least(f"{name}, times as fast as {peer}", f"{times:.1f} ×", times, least, " ×"))
        if name == "triplet_semi_hard" and peer == SENTENCES:
            verdicts.append(at_least(f"{name}, memory of {peer}", f"{space:.1f} × ours", space, 2, " ×"))
    return verdicts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--large", action="store_true", help="also 32,768 embeddings, ours alone")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--worker", choices=MAKERS, help=argparse.SUPPRESS)
    parser.add_argument("--loss", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        cost = work(arguments.worker, arguments.loss, arguments.count, arguments.rounds, arguments.threads)
        print(json.dumps(vars(cost)))
        return
    print("\n".join(machine_lines(["torch", SENTENCES, METRIC])))
    print(f"- Threads: {arguments.threads}\n")
    print("| loss | implementation | clock | × ours | processor | × ours | peak memory | × ours | value |")
    print("|---|---|---|---|---|---|---|---|---|")
    verdicts = [verdict for name in LOSSES for verdict in compare(name, arguments.threads)]
    if arguments.large:
        for name in LOSSES:
            cost = measure(OURS, name, 32768, 1, arguments.threads)
            if cost is not None:
                print(row(f"{name}, 32,768", OURS, cost, cost), flush=True)
    print()
    print(as_text(verdicts))
    sys.exit(any(verdict.passed is False for verdict in verdicts))


if __name__ == "__main__":
    main()
