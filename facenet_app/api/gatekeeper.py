"""Who is asking, and whether they may: keys, scopes and how often.

On the loopback address the API is open as long as there are neither keys nor users of the page. Where
others can reach the server, or as soon as there is one of them, every request needs a key.
"""

from datetime import UTC, datetime
from typing import Final

from fastapi import Request

from facenet_app.access.access_file import AccessFile
from facenet_app.access.actor import Actor
from facenet_app.access.exposure import is_exposed
from facenet_app.access.keys import ApiKey
from facenet_app.access.rate import RateLimit, request_limit
from facenet_app.access.scope import Scope, allows
from facenet_app.api.request_id import request_id
from facenet_app.errors import Forbidden, TooManyRequests, Unauthorized
from facenet_app.settings import Settings

__all__ = ["Gatekeeper"]

MISTAKES_PER_SECOND: Final = 0.2
MISTAKES_AT_ONCE: Final = 10.0
_HOW: Final = "send a key as `Authorization: Bearer fna_…`; `facenet-app keys create` makes one"


class Gatekeeper:
    """Lets requests in, or says why not.

    Args:
        settings: decides whether the server is exposed, and the rate.
        access: the keys.
    """

    def __init__(self, settings: Settings, access: AccessFile) -> None:
        self._access = access
        self._exposed = is_exposed(settings)
        self._requests = request_limit(settings)
        self._mistakes = RateLimit(MISTAKES_PER_SECOND, MISTAKES_AT_ONCE)

    def admit(self, request: Request, needed: Scope | None) -> Actor:
        """The one who asks, if they may use what needs the scope ``needed`` (None: any key does).

        Raises:
            Unauthorized: no key, or one that is unknown, revoked or expired.
            Forbidden: the key has not the scope.
            TooManyRequests: too many requests of this key or address, or too many wrong keys.
            AccessFileDamaged: nobody can be let in.
        """
        address = request.client.host if request.client else ""
        header = request.headers.get("authorization")
        if header is None and self._is_open():
            self._count(f"address {address}")
            return Actor("local", "", request_id(), frozenset(Scope))
        key = self._key(header, address)
        self._count(f"key {key.id}")
        if not allows(key.scopes, needed):
            raise Forbidden(
                f"this key is not for this: it needs the scope {needed}", "use a key that has it, or admin"
            )
        return Actor("key", key.id, request_id(), key.scopes)

    def _is_open(self) -> bool:
        if self._exposed:
            return False
        known = self._access.load()
        return not known.keys and not known.users

    def count_stranger(self, request: Request) -> None:
        """Count a request that needs no key. Raises TooManyRequests."""
        self._count(f"address {request.client.host if request.client else ''}")

    def _key(self, header: str | None, address: str) -> ApiKey:
        if header is None:
            self._count(f"address {address}")
            raise Unauthorized("a key is needed", _HOW)
        kind, _, given = header.partition(" ")
        key = self._access.key(given.strip()) if kind.lower() == "bearer" else None
        state = "unknown" if key is None else key.state(datetime.now(UTC))
        if key is None or state != "active":
            # Good keys are not held up by wrong ones: behind a proxy all may come from one address.
            if wait := self._mistakes.take(address):
                raise TooManyRequests("too many wrong keys came from here", "wait", retry_after=wait)
            raise Unauthorized(f"the key is {state}", _HOW)
        return key

    def _count(self, name: str) -> None:
        if self._requests is not None and (wait := self._requests.take(name)):
            raise TooManyRequests("too many requests", "wait and send fewer", retry_after=wait)
