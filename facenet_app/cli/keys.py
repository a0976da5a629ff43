"""``facenet-app keys``: who may use the API and the page."""

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.run import emit
from facenet_app.errors import UsageError

if TYPE_CHECKING:
    from facenet_app.access.access_file import AccessFile

app = typer.Typer(help="Decide who may use the API and the page.", rich_markup_mode=None)

UserName = Annotated[str, typer.Argument(metavar="NAME", help="What the user logs in as.")]


@app.command(
    "create",
    epilog=examples(
        "keys create gate --scope verify", "keys create office --scope identify --scope enroll --expires 90d"
    ),
)
@takes()
def create(
    given: Given,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="SCOPE", help="verify, identify, enroll or admin; several times."),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="WHEN", help="A date (2030-01-31), or days from now (90d)."),
    ] = None,
) -> int:
    """Make a key of the API.

    It is shown this once: only its digest is kept.
    """
    from facenet_app.access.scope import Scope

    try:
        scopes = frozenset(Scope(each) for each in scope or ())
    except ValueError as error:
        raise UsageError(f"{error} of keys", f"use one of {', '.join(Scope)}") from error
    key, kept = _file(given).create_key(name, scopes, _moment(expires))
    until = f"until {kept.expires_at:%Y-%m-%d %H:%M} UTC" if kept.expires_at else "until it is revoked"
    lines = [
        key,
        f"key {kept.id} ({kept.name}) is good for {', '.join(sorted(scopes))} {until}; keep it safe",
    ]
    emit({"key": key, **kept.to_dict()}, lines, as_json=given.json)
    return 0


@app.command("list", epilog=examples("keys list", "keys list --json"))
@takes()
def list_keys(given: Given) -> int:
    """List the keys and the page's users, without any secret."""
    access, now = _file(given).load(), datetime.now(UTC)
    keys = [{**key.to_dict(), "state": key.state(now)} for key in access.keys]
    lines = [
        f"{key.id}  {key.state(now):7}  {key.name}  ({', '.join(sorted(key.scopes))})"
        + (f", expires {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "")
        for key in access.keys
    ]
    lines += [f"user of the page: {user.name} ({user.role})" for user in access.users]
    document = {"keys": keys, "users": [user.to_dict() for user in access.users]}
    emit(document, lines or ["there are no keys and no users"], as_json=given.json)
    return 0


@app.command("revoke", epilog=examples("keys revoke 5f0f6c1e8d7a"))
@takes()
def revoke(
    given: Given,
    key: Annotated[str, typer.Argument(metavar="ID", help="Of the key, see `keys list`.")],
) -> int:
    """End a key for good, also on servers that are running."""
    ended = _file(given).revoke_key(key)
    emit(ended.to_dict(), [f"key {ended.id} ({ended.name}) is revoked"], as_json=given.json)
    return 0


@app.command(
    "add-user",
    epilog=examples(
        "keys add-user ada --role admin", "keys add-user bob --role viewer --password-stdin < password"
    ),
)
@takes()
def add_user(
    given: Given,
    name: UserName,
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help="viewer (of somebody new), enroller or admin."),
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
    ] = False,
) -> int:
    """Let somebody use the page, or give them another password.

    Viewers compare and identify, enrollers also see who is enrolled and add people, admins do everything.
    Another password ends the user's sessions. A server that listens on the loopback address and had no
    users asks for passwords after its next start.
    """
    from facenet_app.access.role import Role

    try:
        chosen = None if role is None else Role(role)
    except ValueError as error:
        raise UsageError(f"there is no role {role!r}", f"use one of {', '.join(Role)}") from error
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise UsageError("nobody can be asked for the password here", "add --password-stdin")
    user = _file(given).set_user(name, password, chosen)
    line = f"{user.name} can log in on the page, as {user.role}"
    emit(user.to_dict(), [line], as_json=given.json)
    return 0


@app.command("remove-user", epilog=examples("keys remove-user ada"))
@takes()
def remove_user(given: Given, name: UserName) -> int:
    """Let a user of the page in no longer; their sessions end at once, also on servers that are running."""
    _file(given).remove_user(name)
    emit({"user": name}, [f"{name} can no longer log in"], as_json=given.json)
    return 0


def _file(given: Given) -> "AccessFile":
    settings = given.settings()
    from facenet_app.access.access_file import AccessFile

    return AccessFile(settings.access)


def _moment(expires: str | None) -> datetime | None:
    """When a key ends: a number of days, or the beginning of a day in UTC.

    Raises:
        UsageError: neither.
    """
    if expires is None:
        return None
    try:
        if days := re.fullmatch(r"(\d{1,9})d", expires):
            return datetime.now(UTC) + timedelta(days=int(days[1]))
        moment = datetime.fromisoformat(expires)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{expires!r} is no date", "give one such as 2030-01-31, or days such as 90d"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
