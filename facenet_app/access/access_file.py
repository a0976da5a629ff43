"""The file of keys and users: JSON, for its owner only, written aside and put in place at once.

It is read again whenever it has changed, so that a key that was revoked is refused at the next
request. A file that cannot be read lets nobody in.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from facenet_app.access.keys import ApiKey, key_id, new_key
from facenet_app.access.role import Role
from facenet_app.access.scope import Scope
from facenet_app.access.users import PageUser, hashed, is_password_of
from facenet_app.aside import make_private_folder, write_whole
from facenet_app.errors import AccessFileDamaged, UsageError

__all__ = ["Access", "AccessFile"]

FORMAT: Final = 1
PATIENCE: Final = 10.0
"""Seconds to wait for another program that writes the file."""


@dataclass(frozen=True, slots=True)
class Access:
    """What the file says: all keys ever made, and the page's users."""

    keys: tuple[ApiKey, ...] = ()
    users: tuple[PageUser, ...] = ()


class AccessFile:
    """Keys and users, kept in one file. Safe to call from several threads and processes.

    Args:
        path: of the file; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], Access] | None = None

    def load(self) -> Access:
        """What the file says now; nothing if there is none.

        Raises:
            AccessFileDamaged: it cannot be read.
        """
        with self._lock:
            try:
                found = self.path.stat()
                stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
                if self._read is None or self._read[0] != stamp:
                    self._read = stamp, _parsed(self.path.read_bytes())
                return self._read[1]
            except FileNotFoundError:
                return Access()
            except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
                raise AccessFileDamaged(
                    f"the file of keys and users {self.path} cannot be read",
                    "restore it, or move it away and make the keys anew",
                ) from error

    def key(self, given: str) -> ApiKey | None:
        """The key that somebody sent, in whatever state it is; None if there is no such key."""
        wanted = key_id(given)
        for key in self.load().keys:
            if key.id == wanted:
                return key if key.is_of(given) else None
        return None

    def user(self, name: str) -> PageUser | None:
        """The user of the page of this name."""
        return next((user for user in self.load().users if user.name == name), None)

    def user_with(self, name: str, password: str) -> PageUser | None:
        """The user of this name, if the password is theirs."""
        user = self.user(name)
        return user if is_password_of(user, password) else None

    def create_key(
        self, name: str, scopes: frozenset[Scope], expires_at: datetime | None
    ) -> tuple[str, ApiKey]:
        """A fresh key: as its user gets it, which is never shown again, and what is kept.

        Raises:
            UsageError: no name, no scope, or an expiry in the past.
            AccessFileDamaged: the file cannot be read or written.
        """
        name = _checked(name)
        if not scopes:
            raise UsageError("a key without a scope is good for nothing", "name at least one --scope")
        if expires_at is not None and expires_at <= datetime.now(UTC):
            raise UsageError("the key would have expired already", "choose a later date")
        given, key = new_key(name, scopes, expires_at)
        self._change(lambda access: replace(access, keys=(*access.keys, key)))
        return given, key

    def revoke_key(self, identifier: str) -> ApiKey:
        """End a key for good; one that was revoked before stays as it is.

        Raises:
            UsageError: there is no key of this id.
        """

        def revoked(access: Access) -> Access:
            if all(key.id != identifier for key in access.keys):
                raise UsageError(f"there is no key {identifier!r}", "see `facenet-app keys list`")
            now = datetime.now(UTC)
            return replace(
                access,
                keys=tuple(
                    replace(key, revoked_at=key.revoked_at or now) if key.id == identifier else key
                    for key in access.keys
                ),
            )

        changed = self._change(revoked)
        return next(key for key in changed.keys if key.id == identifier)

    def set_user(self, name: str, password: str, role: Role | None = None) -> PageUser:
        """Add a user of the page, or give one another password.

        ``role``: None leaves it as it is; somebody new becomes a viewer.

        Raises:
            UsageError: no name, or a password too short or too long.
        """
        name, argon2 = _checked(name), hashed(password)

        def with_user(access: Access) -> Access:
            before = next((user for user in access.users if user.name == name), None)
            user = PageUser(name, argon2, role or (before.role if before else Role.VIEWER))
            return replace(access, users=(*(each for each in access.users if each.name != name), user))

        return next(user for user in self._change(with_user).users if user.name == name)

    def remove_user(self, name: str) -> None:
        """Raises UsageError if there is no user of this name."""

        def without(access: Access) -> Access:
            if all(user.name != name for user in access.users):
                raise UsageError(f"there is no user {name!r}", "see `facenet-app keys list`")
            return replace(access, users=tuple(user for user in access.users if user.name != name))

        self._change(without)

    def _change(self, change: Callable[[Access], Access]) -> Access:
        try:
            make_private_folder(self.path.parent)
            with FileLock(self.path.with_name(self.path.name + ".lock"), timeout=PATIENCE, mode=0o600):
                changed = change(self.load())
                _write(self.path, changed)
                return changed
        except (OSError, Timeout) as error:
            raise AccessFileDamaged(
                f"the file of keys and users {self.path} cannot be written",
                "check its permissions, or choose another place with FACENET_APP_ACCESS",
            ) from error


def _checked(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise UsageError("a name has 1 to 100 characters, and no invisible ones", "choose another one")
    return name


def _parsed(content: bytes) -> Access:
    document: dict[str, Any] = json.loads(content)
    if document["format"] != FORMAT:
        raise ValueError("written by another version")
    return Access(
        tuple(ApiKey.from_record(record) for record in document["keys"]),
        tuple(_user(record) for record in document["users"]),
    )


def _user(record: dict[str, Any]) -> PageUser:
    # Before there were roles, every user could do everything.
    return PageUser(str(record["name"]), str(record["argon2"]), Role(record.get("role", Role.ADMIN)))


def _write(path: Path, access: Access) -> None:
    document = {
        "format": FORMAT,
        "keys": [key.to_record() for key in access.keys],
        "users": [{"name": user.name, "argon2": user.argon2, "role": user.role} for user in access.users],
    }
    write_whole(path, json.dumps(document, indent=2).encode())
