"""Where a gallery on a server is: an address that never shows its password."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from facenet_app.errors import UsageError

__all__ = ["Place", "ServerUrl", "ServerUse", "place_of"]

_SCHEMES: Final = ("postgresql+psycopg", "postgresql", "postgres")
_SECRET: Final = ("password", "sslpassword")
"""Parameters of PostgreSQL's client library that nobody should read."""
_HINT: Final = (
    "write it as postgresql+psycopg://USER@HOST:5432/DATABASE, with %40, %2F, %3A and %23 for the characters "
    "@ / : # of a name or password"
)


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """The address of a database on a PostgreSQL server. Its text has ``***`` for the password.

    ``query`` are parameters of libpq, such as ``sslmode``; a name may come several times.
    """

    host: str | None
    port: int | None
    database: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The address from ``postgresql+psycopg://user:password@host:port/database?name=value``.

        Raises:
            UsageError: it is something else; the message does not quote it, as there may be a
                password in it.
        """
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise _unreadable() from None
        # A password with one of /?# ends the part before the path early, and shows as what it is not.
        rest = parts.path + parts.query + parts.fragment
        database = unquote(parts.path[1:])
        if parts.scheme not in _SCHEMES or "@" in rest or parts.fragment or "/" in database or not database:
            raise _unreadable()
        return cls(
            host=unquote(parts.hostname) if parts.hostname else None,
            port=port,
            database=database,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            query=tuple(parse_qsl(parts.query)),
        )

    def __str__(self) -> str:
        user = quote(self.user, safe="") if self.user else ""
        secret = ":***" if self.password is not None else ""
        host = f"[{self.host}]" if self.host and ":" in self.host else self.host or ""
        port = f":{self.port}" if self.port is not None else ""
        shown = [(name, "***" if name in _SECRET else value) for name, value in self.query]
        query = f"?{urlencode(shown, safe='/*')}" if shown else ""
        at = "@" if user or secret else ""
        return f"{_SCHEMES[0]}://{user}{secret}{at}{host}{port}/{quote(self.database, safe='')}{query}"


@dataclass(frozen=True, slots=True)
class ServerUse:
    """How a gallery on a server is used; one in a file has no use for this.

    ``recall`` is the least share of searches for people who are enrolled that find the nearest person there;
    with ``in_memory`` this process compares with everybody itself. A writer waits ``patience`` seconds for
    others. See the settings of these names.
    """

    recall: float = 0.999
    in_memory: bool = False
    patience: float = 20.0


Place = Path | ServerUrl
"""Where a gallery is."""


def place_of(value: str | Path | ServerUrl) -> Place:
    """What an option or a setting means: an address if it is written as one, a path otherwise.

    Raises:
        UsageError: it is an address, but not that of a database on a PostgreSQL server.
    """
    if isinstance(value, str):
        return ServerUrl.parse(value) if "://" in value else Path(value)
    if isinstance(value, Path) and value.parts and value.parts[0].rstrip(":") in _SCHEMES:
        raise UsageError("the address of a server is no path", "give it as text")
    return value


def _unreadable() -> UsageError:
    return UsageError("the address of the gallery's server cannot be read", _HINT)
