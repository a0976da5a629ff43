"""The beginning of a file whose download was cut off, kept so that it can be gone on with."""

import json
from collections.abc import Mapping
from pathlib import Path

from facenet_app.weights.store import write_aside

__all__ = ["Part", "validator_of"]


def validator_of(headers: Mapping[str, str]) -> str | None:
    """What tells versions of a file apart (RFC 9110, 8.8): a strong ETag, else Last-Modified.

    ``headers`` finds names whatever their case, as those of requests do.
    """
    etag = headers.get("ETag", "")
    return etag if etag.startswith('"') else headers.get("Last-Modified")


class Part:
    """``<destination>.part``, and beside it as JSON the URL and the validator it belongs to."""

    def __init__(self, destination: Path) -> None:
        self.path = destination.with_name(f"{destination.name}.part")
        self._origin = destination.with_name(f"{destination.name}.part.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def validator(self, url: str) -> str | None:
        """What ``If-Range`` needs to go on with this part, or None if it cannot be gone on with."""
        try:
            origin = json.loads(self._origin.read_text(encoding="utf-8"))
            return str(origin["validator"]) if origin["url"] == url and self.size else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def begin(self, url: str, headers: Mapping[str, str]) -> None:
        """Empty the part, and note the file that it is going to be."""
        self.path.write_bytes(b"")  # first: old bytes must never pass for those of a new file
        validator = validator_of(headers)
        if validator is None:
            self._origin.unlink(missing_ok=True)
        else:
            write_aside(self._origin, json.dumps({"url": url, "validator": validator}).encode())

    def become(self, destination: Path) -> None:
        """Take the place of ``destination`` in one step."""
        self.path.replace(destination)
        self._origin.unlink(missing_ok=True)

    def discard(self) -> None:
        self._origin.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
