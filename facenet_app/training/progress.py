"""A run on the terminal: a bar while an epoch lasts, a line when it is over."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from facenet_app.training.loop import Position, Step

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Terminal", "epoch_line"]


class Terminal:
    """Shows a run on stderr: with a bar where that is a terminal, else a line an epoch.

    To be used as a context manager, so that the bar goes when the run ends.

    Args:
        fmr: the rate whose TAR is shown.
    """

    def __init__(self, fmr: float) -> None:
        self._fmr = fmr
        self._epochs, self._batches = 0, 0
        self._bar: Progress | None = _bar() if sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("measuring the start", total=None, numbers="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, epochs: int, batches: int, at: Position) -> None:
        """See :class:`~facenet_app.training.watcher.Watcher`."""
        self._epochs, self._batches = epochs, batches
        if self._bar is not None:
            self._bar.update(self._task, total=epochs * batches, completed=at.step)

    def step(self, at: Position, step: Step) -> None:
        """See :class:`~facenet_app.training.watcher.Watcher`."""
        if self._bar is None:
            return
        shown = {name: step.numbers[name] for name in ("loss", "active") if name in step.numbers}
        self._bar.update(
            self._task,
            completed=at.step,
            description=f"epoch {at.epoch + 1}/{self._epochs}, batch {at.batch}/{self._batches}",
            numbers="  ".join(f"{name} {value:.3f}" for name, value in shown.items()),
            images=step.images,
        )

    def epoch(self, record: dict[str, Any]) -> None:
        """See :class:`~facenet_app.training.watcher.Watcher`."""
        line = epoch_line(record, self._epochs, self._fmr)
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        else:
            sys.stderr.write(f"{line}\n")


def epoch_line(record: dict[str, Any], epochs: int, fmr: float) -> str:
    """An epoch in one line; epoch 0 is the measurement before the first."""
    parts = [f"epoch {record['epoch']}/{epochs}" if record["epoch"] else "start"]
    if "loss" in record:
        parts.append(f"loss {record['loss']:.4f}")
    if "active" in record:
        parts.append(f"active {record['active']:.1%}")
    parts += [
        f"{name} {record[key]:.1%}"
        for key, name in (("semi_hard", "semi-hard"), ("fallback", "fallback"))
        if key in record
    ]
    if "mean_ap" in record:
        parts.append(f"d_ap {record['mean_ap']:.3f}  d_an {record['mean_an']:.3f}")
    if "norm" in record:
        parts.append(f"norm {record['norm']:.3g}")
    if "rate" in record:
        parts.append(f"rate {record['rate']:.2g}")
    if "images_per_second" in record:
        parts.append(f"{record['images_per_second']:.0f} images/s, data wait {record['data_wait']:.1%}")
    if "gpu_memory_mib" in record:
        parts.append(f"GPU {record['gpu_memory_mib']:,.0f} MiB")
    if "held_out" in record:
        parts.append(f"TAR {record['held_out']['tar'][f'{fmr:g}']:.4f} at FMR {fmr:g}")
    return "  ".join(parts) + (f"\n  {record['advice']}" if "advice" in record else "")


def _bar() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Speed(ProgressColumn):
        """Images a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{(task.speed or 0) * task.fields.get('images', 0):.0f} images/s")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[numbers]}"),
        Speed(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
