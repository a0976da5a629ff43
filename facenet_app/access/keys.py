"""Keys of the API: random, shown once, kept as digests.

A key has 256 random bits, so one round of SHA-256 protects it as well as a slow hash would: there is
nothing to guess. Passwords of people are another matter, see :mod:`facenet_app.access.users`.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from facenet_app.access.scope import Scope

__all__ = ["ApiKey", "key_id", "new_key"]

PREFIX: Final = "fna"
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key. ``name`` is what people call it; times are UTC.

    ``sha256`` is the digest, in hex, of the whole key as clients send it.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    sha256: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """``active``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "active"

    def is_of(self, key: str) -> bool:
        """Whether ``key`` is this one; takes the same time wherever they differ."""
        return hmac.compare_digest(_digest(key), self.sha256)

    def to_dict(self) -> dict[str, Any]:
        """All of it but the digest, for people."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": sorted(self.scopes),
            "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
        }

    def to_record(self) -> dict[str, Any]:
        """For the file."""
        return {**self.to_dict(), "sha256": self.sha256}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError if it is not one of :meth:`to_record`."""

        def moment(name: str) -> datetime | None:
            return None if record[name] is None else datetime.fromisoformat(record[name])

        created_at = moment("created_at")
        times = [
            each for each in (created_at, moment("expires_at"), moment("revoked_at")) if each is not None
        ]
        if created_at is None or any(each.tzinfo is None for each in times):
            raise ValueError("times have a zone")
        return cls(
            id=str(record["id"]),
            name=str(record["name"]),
            scopes=frozenset(Scope(scope) for scope in record["scopes"]),
            sha256=str(record["sha256"]),
            created_at=created_at,
            expires_at=moment("expires_at"),
            revoked_at=moment("revoked_at"),
        )


def new_key(name: str, scopes: frozenset[Scope], expires_at: datetime | None) -> tuple[str, ApiKey]:
    """A fresh key as its user gets it, ``fna_<id>_<secret>``, and what is kept of it."""
    identifier = secrets.token_hex(_ID_BYTES)
    key = f"{PREFIX}_{identifier}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return key, ApiKey(identifier, name, scopes, _digest(key), datetime.now(UTC), expires_at)


def key_id(key: str) -> str:
    """The id in a key that somebody sent; empty if it has none."""
    prefix, _, rest = key.partition("_")
    return rest.partition("_")[0] if prefix == PREFIX else ""


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
