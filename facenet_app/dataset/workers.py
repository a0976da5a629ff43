"""Cutting many pictures in several processes, in order and with little memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from facenet_app.dataset.cut import Cutter, PackedPicture, Refused, cut_file
from facenet_app.dataset.square import SIDES
from facenet_app.errors import UsageError
from facenet_app.processes import in_processes
from facenet_app.weights.manifest import PIPELINE

__all__ = ["Work", "cut_files"]

Outcomes = list[PackedPicture | Refused]


@dataclass(frozen=True, slots=True)
class Work:
    """How to cut.

    Attributes:
        open_cutter: called once in each process, so it has to be something that can be sent there.
        alignment: of the squares; ``side`` is their height and width in pixels.
        lossless: PNG instead of JPEG of quality 95: three times the bytes.
        settings: by name, all else that decides about the squares.
    """

    open_cutter: Callable[[], Cutter]
    alignment: str
    side: int
    lossless: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.side not in SIDES:
            raise UsageError(
                f"pictures of {self.side} × {self.side} pixels cannot be packed", "give 16 to 2048"
            )

    def described(self) -> dict[str, Any]:
        """Everything that decides about the squares, by name."""
        return {
            **self.settings,
            "alignment": self.alignment,
            "side": self.side,
            "lossless": self.lossless,
            "pipeline": PIPELINE,
        }


def cut_files(work: Work, portions: Iterable[Sequence[Path]], workers: int) -> Iterator[Outcomes]:
    """The outcomes of each portion of files, in order.

    With one worker everything happens in this process.

    Raises:
        FacenetAppError: a worker ended before its work was done, or could not begin it.
    """
    begin = partial(_cutting, work)
    yield from in_processes(begin, portions, workers) if workers > 1 else map(begin(), portions)


def _cutting(work: Work) -> Callable[[Sequence[Path]], Outcomes]:
    cutter = work.open_cutter()
    return lambda portion: [cut_file(cutter, path, lossless=work.lossless) for path in portion]
