"""Those who look on while a run goes."""

from typing import Any, Protocol

from facenet_app.training.loop import Position, Step

__all__ = ["Silent", "Watcher"]


class Watcher(Protocol):
    """Is told how a run goes; a progress bar, for example."""

    def begin(self, epochs: int, batches: int, at: Position) -> None:
        """So many epochs of so many batches each; a run that goes on is somewhere already."""

    def step(self, at: Position, step: Step) -> None:
        """One batch is done; ``at`` is where the run is now."""

    def epoch(self, record: dict[str, Any]) -> None:
        """An epoch is done: its line of ``metrics.jsonl``. Epoch 0 is the measurement before the first."""


class Silent:
    """A watcher that says nothing."""

    def begin(self, epochs: int, batches: int, at: Position) -> None: ...
    def step(self, at: Position, step: Step) -> None: ...
    def epoch(self, record: dict[str, Any]) -> None: ...
