"""What is known of a run while it goes: lines of JSON for programs, TensorBoard for curves."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from facenet_app.errors import UsageError
from facenet_app.training.loop import Step

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["Recorder", "Totals", "read_metrics"]


class Totals:
    """Sums over the batches of an epoch, for means that a checkpoint can carry on."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        self._sums: dict[str, float] = defaultdict(float, state["sums"] if state else {})
        self._counts: dict[str, int] = defaultdict(int, state["counts"] if state else {})
        self.batches: int = state["batches"] if state else 0
        self.images: int = state["images"] if state else 0
        self.seconds: float = state["seconds"] if state else 0.0
        self.waited: float = state["waited"] if state else 0.0

    def add(self, step: Step, seconds: float) -> None:
        """One more batch, which took so long, waiting included."""
        for name, value in step.numbers.items():
            if isfinite(value):  # NaN where a batch had no such triplet
                self._sums[name] += value
                self._counts[name] += 1
        self.batches += 1
        self.images += step.images
        self.seconds += seconds
        self.waited += step.waited

    def means(self) -> dict[str, float]:
        """By name; a batch in which a number is undefined does not count for it."""
        return {name: value / self._counts[name] for name, value in self._sums.items()}

    def speed(self) -> dict[str, float]:
        """Images a second, and the share of the time that was spent waiting for pictures."""
        return {
            "images_per_second": self.images / self.seconds,
            "data_wait": self.waited / self.seconds,
            "seconds": self.seconds,
        }

    def state(self) -> dict[str, Any]:
        return {
            "sums": dict(self._sums),
            "counts": dict(self._counts),
            "batches": self.batches,
            "images": self.images,
            "seconds": self.seconds,
            "waited": self.waited,
        }


class Recorder:
    """``metrics.jsonl`` of a run, and TensorBoard's events if wanted.

    Args:
        run: its folder.
        tensorboard: whether to write events, too.
        kept: bytes of ``metrics.jsonl`` to keep; what follows was written after the checkpoint.
        step: the first one that will be written, for TensorBoard.

    Raises:
        UsageError: TensorBoard was asked for and is not installed.
    """

    def __init__(self, run: Path, *, tensorboard: bool, kept: int = 0, step: int = 0) -> None:
        self._file = (run / "metrics.jsonl").open("ab")
        self._file.truncate(kept)
        self._events = _events(run / "tensorboard", step) if tensorboard else None

    @property
    def size(self) -> int:
        """Bytes written so far, safe on disk after a crash of this program."""
        self._file.flush()
        return self._file.seek(0, 2)

    def write(self, kind: str, step: int, record: Mapping[str, Any]) -> None:
        """One line; numbers of it, also of the tables in it, go to TensorBoard."""
        line = {"kind": kind, "step": step, **record}
        self._file.write(json.dumps(line, allow_nan=False).encode() + b"\n")
        self._file.flush()
        if self._events is not None:
            for name, value in _numbers(record):
                self._events.add_scalar(f"{kind}/{name}", value, step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._events is not None:
            self._events.close()


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's ``metrics.jsonl``; one that is only half written does not count.

    Raises:
        UsageError: there are none, or they cannot be read.
    """
    try:
        written = (run / "metrics.jsonl").read_bytes()
        return [json.loads(line) for line in written[: written.rfind(b"\n") + 1].splitlines()]
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{run} has no metrics that can be read ({error})", "give the folder of a run"
        ) from error


def _events(folder: Path, step: int) -> "SummaryWriter":
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UsageError(
            "TensorBoard is not installed", "install the package tensorboard, or set tensorboard = false"
        ) from error
    return SummaryWriter(str(folder), purge_step=step or None)


def _numbers(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{before}{name}/")
        elif isinstance(value, int | float):
            yield f"{before}{name}", float(value)
