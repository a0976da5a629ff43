"""The audit trail of a gallery: who changed what, and when. No biometrics, and no names of the enrolled."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

__all__ = ["NO_HEAD", "AuditAction", "AuditEntry", "AuditTrail"]

NO_HEAD: Final = "0" * 64
"""What the first entry follows."""


class AuditAction(StrEnum):
    """What was done to a gallery."""

    ENROLL = "enroll"
    ENROLL_UNGATED = "enroll_ungated"
    """With the gate off: whoever did it answers for whose face it is."""
    RENAME = "rename"
    MERGE = "merge"
    CONSENT = "consent"
    REMOVE = "remove"
    REMOVE_SAMPLE = "remove_sample"
    UNDO_REMOVE = "undo_remove"
    PURGE = "purge"
    IMPORT = "import"
    EXPORT = "export"
    BIND = "bind"
    REEMBED = "reembed"
    CALIBRATE = "calibrate"
    ENCRYPT = "encrypt"
    ROTATE_KEY = "rotate_key"
    DECRYPT = "decrypt"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. ``number`` counts from 1 without gaps; ``digest`` chains it to the one before.

    ``actor`` is ``os:<user>`` for somebody at the machine, else what
    the server calls who uses it, such as ``key:`` and the id of an API key.
    ``identity_id`` is the person it was about, ``other_id`` who a merged person became part of, and
    ``samples`` how many samples it was about; None where it was not about one. ``source_sha256`` is the
    SHA-256, in hex, of the file that they were imported from.
    """

    number: int
    at: datetime
    actor: str
    action: str
    identity_id: str | None
    other_id: str | None
    samples: int | None
    request_id: str | None
    digest: str
    source_sha256: str | None = None

    def follows(self, previous: str) -> str:
        """The digest that this entry has if it comes after one with the digest ``previous``.

        SHA-256 in hex of the JSON list of ``previous`` and every field, in UTF-8; the last one only where
        there is something, as in entries of before it was noted.
        """
        said = [
            previous,
            self.number,
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.actor,
            self.action,
            self.identity_id,
            self.other_id,
            self.samples,
            self.request_id,
            *(() if self.source_sha256 is None else (self.source_sha256,)),
        ]
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "actor": self.actor,
            "action": self.action,
            "identity_id": self.identity_id,
            "other_id": self.other_id,
            "samples": self.samples,
            "request_id": self.request_id,
            "digest": self.digest,
            "source_sha256": self.source_sha256,
        }


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """Every entry, oldest first, the digest that the gallery notes as the last, and what is wrong."""

    entries: tuple[AuditEntry, ...]
    head: str
    faults: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "entries": [entry.to_dict() for entry in self.entries],
            "head": self.head,
            "intact": not self.faults,
            "faults": list(self.faults),
        }
