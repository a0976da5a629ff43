"""``index.json`` of a pack: what is in it and where, checked before anything of it is believed."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.dataset.square import SIDES
from facenet_app.errors import PackDamaged, UsageError

__all__ = ["BLOCK", "INDEX", "PLAN", "PackIndex", "Shard", "damaged", "read_index", "shard_name"]

FORMAT: Final = 1
INDEX: Final = "index.json"
PLAN: Final = "plan.json"
BLOCK: Final = 512
"""Tar files are made of blocks of so many bytes; a header is one, and contents begin with a new one."""
_SHARD: Final = re.compile(r"shard-\d{6}\.tar")
_MOST_PEOPLE: Final = 100_000_000


def shard_name(number: int) -> str:
    """``shard-000007.tar``."""
    return f"shard-{number:06d}.tar"


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """One tar file with N pictures.

    Attributes:
        name: of the file.
        size: of the file in bytes.
        sha256: of the file, in hexadecimal.
        offsets: int64 (N,), where the picture files begin in it.
        lengths: int64 (N,), their bytes.
        labels: int64 (N,), rows of the pack's people.
    """

    name: str
    size: int
    sha256: str
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    labels: NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        """As ``index.json`` has it."""
        return {
            "name": self.name,
            "size": self.size,
            "sha256": self.sha256,
            "offsets": self.offsets.tolist(),
            "lengths": self.lengths.tolist(),
            "labels": self.labels.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], people: int) -> "Shard":
        """Raises ValueError or TypeError for anything that cannot be so."""
        name, size, sha256 = data["name"], data["size"], data["sha256"]
        _must(isinstance(name, str) and _SHARD.fullmatch(name) is not None, "the name of a shard")
        _must(isinstance(size, int) and size >= 0, "the size of a shard")
        _must(isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256) is not None, "a digest")
        offsets, lengths, labels = (_numbers(data[key]) for key in ("offsets", "lengths", "labels"))
        _must(offsets.shape == lengths.shape == labels.shape, "the numbers of offsets, lengths and labels")
        if labels.size:
            _must(labels.min() >= 0 and labels.max() < people, "a label")
            # Each file begins after its header, at a block, behind the one before, and ends in the shard.
            ends = np.concatenate([[0], offsets[:-1] + lengths[:-1]])
            _must(bool(np.all((offsets % BLOCK == 0) & (offsets - BLOCK >= ends))), "an offset")
            _must(bool(np.all((lengths > 0) & (lengths <= size - offsets))), "a length")
        return cls(name, size, sha256, offsets, lengths, labels)


@dataclass(frozen=True, slots=True, eq=False)
class PackIndex:
    """All that ``index.json`` says.

    Attributes:
        alignment: of the crops; ``side`` is their height and width in pixels.
        people: names, each once, also of those whose pictures were all refused.
        shards: in order.
        plan: digest of the pictures and settings that it was made from.
        refused: how many pictures were refused, by code.
    """

    alignment: str
    side: int
    people: tuple[str, ...]
    shards: tuple[Shard, ...]
    plan: str
    refused: Mapping[str, int] = field(default_factory=dict)

    @property
    def images(self) -> int:
        return sum(shard.labels.size for shard in self.shards)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the contents: the shards' bytes, the labels and the people."""
        shards = [[shard.sha256, shard.labels.tolist()] for shard in self.shards]
        return self.fingerprint_of(self.alignment, self.side, self.people, shards)

    @staticmethod
    def fingerprint_of(alignment: str, side: int, people: Sequence[str], shards: Sequence[Any]) -> str:
        """The same from its parts; of each shard the digest and the labels."""
        contents = [FORMAT, alignment, side, list(people), list(shards)]
        return hashlib.sha256(json.dumps(contents).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """As ``index.json`` has it."""
        return {
            "format": FORMAT,
            "images": self.images,
            "alignment": self.alignment,
            "side": self.side,
            "fingerprint": self.fingerprint,
            "plan": self.plan,
            "refused": dict(sorted(self.refused.items())),
            "people": list(self.people),
            "shards": [shard.to_dict() for shard in self.shards],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PackIndex":
        """Raises ValueError, TypeError or KeyError for anything that cannot be so."""
        _must(data["format"] == FORMAT, f"the format ({data['format']!r}, not {FORMAT})")
        people, side, alignment = data["people"], data["side"], data["alignment"]
        _must(isinstance(people, list) and 0 < len(people) < _MOST_PEOPLE, "the list of people")
        _must(all(isinstance(name, str) for name in people), "the name of a person")
        _must(len(set(people)) == len(people), "the list of people (one is there twice)")
        _must(isinstance(side, int) and side in SIDES, "the side of the pictures")
        _must(isinstance(alignment, str), "the alignment")
        shards = tuple(Shard.from_dict(each, len(people)) for each in data["shards"])
        _must([s.name for s in shards] == [shard_name(n) for n in range(len(shards))], "the order of shards")
        index = cls(alignment, side, tuple(people), shards, str(data["plan"]), dict(data["refused"]))
        _must(data["images"] == index.images, "the number of pictures")
        _must(data["fingerprint"] == index.fingerprint, "the fingerprint")
        return index


def read_index(folder: Path) -> PackIndex:
    """The index of a pack, once it is complete.

    Raises:
        UsageError: there is no pack in the folder, or it was not finished.
        PackDamaged: the index is not as `data prepare` writes it.
    """
    try:
        text = (folder / INDEX).read_bytes()
    except OSError as error:
        started = (folder / PLAN).exists()
        raise UsageError(
            f"the pack in {folder} is not complete" if started else f"{folder} holds no pack ({INDEX})",
            "run `facenet-app data prepare` again to finish it"
            if started
            else "make one with `facenet-app data prepare`",
        ) from error
    try:
        return PackIndex.from_dict(json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise damaged(folder, f"its index is wrong: {what}") from error


def damaged(folder: Path, why: str) -> PackDamaged:
    """The error for a pack that cannot be used."""
    return PackDamaged(
        f"the pack in {folder} is damaged ({why})",
        "run `facenet-app data prepare` again: what is whole is kept, the rest is made anew",
    )


def _must(fits: bool, what: str) -> None:
    if not fits:
        raise ValueError(what)


def _numbers(values: Any) -> NDArray[np.int64]:
    # True and 1.5 would become numbers silently.
    _must(isinstance(values, list) and all(type(value) is int for value in values), "a list of numbers")
    try:
        return np.array(values, np.int64)
    except OverflowError as error:
        raise ValueError("a number that is too large") from error
