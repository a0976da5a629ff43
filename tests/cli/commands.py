"""The commands as Typer has them, for tests of what is said about them."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from facenet_app.cli.main import app


def walk(command: Any, path: str = "facenet-app") -> Iterator[tuple[str, Any]]:
    """All commands below this one that do something, with their full names."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, child in command.commands.items():
        yield from walk(child, f"{path} {name}")


COMMANDS = dict(walk(get_command(app)))


def options(command: Any) -> set[str]:
    """The long options of a command, without those that only say no, and without --help."""
    names = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    return names - {"--help"}
