"""Where the pictures and pairs of Labeled Faces in the Wild are on this machine."""

import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["Pair", "lfw_root", "read_pairs", "sample_pictures"]


class Pair(NamedTuple):
    """Two pictures, and whether they show the same person."""

    probe: Path
    reference: Path
    mated: bool


def lfw_root() -> Path:
    """The folder of ``FACENET_APP_LFW``, by default ``../shared/data/lfw`` beside the project."""
    project = Path(__file__).resolve().parent.parent
    root = Path(os.environ.get("FACENET_APP_LFW", project / "../shared/data/lfw")).resolve()
    if not (root / "images").is_dir():
        raise SystemExit("LFW is missing: set FACENET_APP_LFW to the folder that has images/ in it.")
    return root


def read_pairs(root: Path, name: str = "pairsDevTest.txt") -> list[Pair]:
    """The pairs of a development list: N on the first line, then N mated and N non-mated pairs.

    A mated line is ``Name i j``, a non-mated one ``NameA i NameB j``; fields are split by tabs.
    """
    count, *lines = (root / name).read_text(encoding="utf-8").splitlines()
    pairs = []
    for line in lines:
        first, *numbers = line.split("\t")
        second = first if len(numbers) == 2 else numbers[1]
        pairs.append(
            Pair(_picture(root, first, numbers[0]), _picture(root, second, numbers[-1]), len(numbers) == 2)
        )
    if [pair.mated for pair in pairs] != [True] * int(count) + [False] * int(count):
        raise SystemExit(f"{name} is not a list of {count} mated and {count} non-mated pairs.")
    return pairs


def sample_pictures(root: Path, count: int) -> list[Path]:
    """``count`` pictures, evenly spread over the alphabet: the same ones on every machine."""
    pictures = sorted((root / "images").glob("*/*.jpg"))
    if len(pictures) < count:
        raise SystemExit(f"{count} pictures asked for, but the data set has {len(pictures)}.")
    return [pictures[index * len(pictures) // count] for index in range(count)]


def _picture(root: Path, person: str, number: str) -> Path:
    return root / "images" / person / f"{person}_{int(number):04d}.jpg"
