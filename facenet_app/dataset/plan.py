"""What a pack is made of, kept in it: a run may go on only with the same pictures and settings."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facenet_app.dataset.index import FORMAT, PLAN
from facenet_app.dataset.listing import Listing
from facenet_app.dataset.shards import write_file
from facenet_app.errors import UsageError

__all__ = ["PackPlan", "make_plan"]

_NAMES = {"images": "the pictures", "listing": "the pictures"}


@dataclass(frozen=True, slots=True)
class PackPlan:
    """What decides about every byte of a pack, as ``plan.json`` has it."""

    parts: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal."""
        return hashlib.sha256(json.dumps(self.parts, sort_keys=True).encode()).hexdigest()

    def claim(self, folder: Path) -> None:
        """Begin or go on with this plan in a folder.

        Raises:
            UsageError: the folder holds something else; the message says what differs.
            OSError: it cannot be written to.
        """
        path = folder / PLAN
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            if any(not entry.name.startswith(".") for entry in folder.iterdir()):
                raise UsageError(f"{folder} holds other files", "give an empty folder with --out") from None
            write_file(path, json.dumps(self.parts, indent=1, sort_keys=True).encode())
            return
        except ValueError:
            found = {}
        if found != json.loads(json.dumps(self.parts)):
            other = found if isinstance(found, dict) else {}
            differ = sorted({_NAMES.get(k, k) for k in self.parts if other.get(k) != self.parts[k]})
            raise UsageError(
                f"{folder} holds a pack of something else (other now: {', '.join(differ)})",
                "give another folder with --out, or delete this one",
            )


def make_plan(listing: Listing, settings: Mapping[str, Any]) -> PackPlan:
    """The plan for these pictures, as they are now, under these settings (numbers and words by name).

    Names, labels, sizes and times of change stand for the pictures: reading all of them would take as
    long as packing. Files that are not there count, too.
    """
    digest = hashlib.sha256(json.dumps([listing.names, listing.labels.tolist(), listing.people]).encode())
    for path in listing.paths:
        try:
            status = path.stat()
            digest.update(f"{status.st_size} {status.st_mtime_ns}\n".encode())
        except OSError:
            digest.update(b"missing\n")
    return PackPlan({**settings, "format": FORMAT, "images": len(listing), "listing": digest.hexdigest()})
