"""A progress bar on stderr for long work, where somebody can see it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Report", "progress_bar"]

Report = Callable[[int, int | None], None]
"""Called with how much is done, and how much there is in all if that is known."""


@contextmanager
def progress_bar(title: str, unit: str) -> Iterator[Report | None]:
    """Show how far the work is, its speed and the time left; gives None where stderr is no terminal.

    Args:
        title: what is going on.
        unit: what is counted: "faces", or "bytes", which are shown as MB.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        """Things a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed or 0:.1f} {unit}/s")

    in_bytes = unit == "bytes"
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn() if in_bytes else MofNCompleteColumn(),
        TransferSpeedColumn() if in_bytes else Speed(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        # Lines for the same terminal go above the bar; lines for a file or a pipe must not come here.
        redirect_stdout=sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task(title, total=None)

        def report(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield report
