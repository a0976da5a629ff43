"""Writing shards: tar files in WebDataset's manner, each there as a whole or not at all.

A sample is three files with the same stem: the picture, ``.cls`` with the label's number, and ``.json``
with what is known of the picture. The same samples give the same bytes, on every machine and at any time.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facenet_app.aside import put_in_place
from facenet_app.dataset.cut import PackedPicture, Refused
from facenet_app.dataset.index import BLOCK, Shard, shard_name
from facenet_app.dataset.listing import Listing

__all__ = ["FinishedShard", "finished_shard", "write_file", "write_shard"]


@dataclass(frozen=True, slots=True, eq=False)
class FinishedShard:
    """A shard, and the refused pictures of its part of the list: name, code and message of each."""

    shard: Shard
    refused: tuple[tuple[str, str, str], ...]


def write_shard(
    folder: Path, number: int, rows: range, listing: Listing, outcomes: Sequence[PackedPicture | Refused]
) -> FinishedShard:
    """Write one shard and then the note that it is finished.

    Args:
        folder: of the pack.
        number: of the shard, from 0.
        rows: of its pictures in the listing.
        listing: all pictures.
        outcomes: what became of those of ``rows``.

    Raises:
        OSError: the folder cannot be written to.
    """
    file = io.BytesIO()
    places: list[tuple[int, int, int]] = []
    refused = []
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for row, outcome in zip(rows, outcomes, strict=True):
            name, label = listing.names[row], int(listing.labels[row])
            if isinstance(outcome, Refused):
                refused.append((name, outcome.code, outcome.message))
                continue
            places.append((tar.offset + BLOCK, len(outcome.data), label))
            _add(tar, f"{row:09d}.{outcome.suffix}", outcome.data)
            _add(tar, f"{row:09d}.cls", str(label).encode())
            facts = {**outcome.facts, "path": name, "label": listing.people[label]}
            _add(tar, f"{row:09d}.json", _json(facts))
    data = file.getvalue()
    offsets, lengths, labels = np.array(places, np.int64).reshape(-1, 3).T
    shard = Shard(shard_name(number), len(data), hashlib.sha256(data).hexdigest(), offsets, lengths, labels)
    write_file(folder / shard.name, data)
    write_file(_note(folder, number), _json({"shard": shard.to_dict(), "refused": refused}))
    return FinishedShard(shard, tuple(refused))


def finished_shard(folder: Path, number: int, people: int) -> FinishedShard | None:
    """The shard if it was finished before and is still all there, else None."""
    try:
        note = json.loads(_note(folder, number).read_bytes())
        shard = Shard.from_dict(note["shard"], people)
        refused = tuple((str(name), str(code), str(message)) for name, code, message in note["refused"])
        with (folder / shard.name).open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest() == shard.sha256
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return FinishedShard(shard, refused) if whole and shard.name == shard_name(number) else None


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that it is there with all of its content or not at all, even if the power fails.

    Raises:
        OSError: that is not possible.
    """
    path.parent.mkdir(exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")  # by the one program that writes a pack: never left over
    aside.write_bytes(data)
    put_in_place(aside, path)


def _note(folder: Path, number: int) -> Path:
    return folder / "finished" / f"{number:06d}.json"


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)  # no time and no owner: the same bytes for everybody
    info.size = len(data)
    info.mode = 0o644
    tar.addfile(info, io.BytesIO(data))


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True).encode()
