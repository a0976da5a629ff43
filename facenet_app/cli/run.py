"""Running a command: what is printed where, and which exit code comes of it.

A command returns its exit code and raises :class:`FacenetAppError` if it cannot do its work; nothing
else of the product decides about exit codes.
"""

import io
import json
import os
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import typer
from typer.main import get_command

from facenet_app.errors import FacenetAppError, UsageError

__all__ = ["INTERRUPTED", "counted", "emit", "exit_code_of", "run", "say"]

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""
CUT_OFF: Final = 141
"""Exit code when whoever read our output has gone: 128 + SIGPIPE."""
INTERNAL: Final = 5
"""Exit code of an error that is not one of ours: a bug."""

# Terminals obey control characters, and file names may hold them.
_SHOWN: Final = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(127, 160))}


class _OutputClosed(Exception):
    """The reader of our output has gone (``| head``)."""


class _InternalError(FacenetAppError):
    code = "internal"
    exit_code = INTERNAL


class _Interrupted(FacenetAppError):
    code = "interrupted"
    exit_code = INTERRUPTED


def say(line: str) -> None:
    """One line on stdout, there at once."""
    try:
        sys.stdout.write(f"{line.translate(_SHOWN)}\n")
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise _OutputClosed from error


def emit(document: Mapping[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    """The result of a command: the document with ``--json``, else the lines."""
    if as_json:
        # Escaped to ASCII, so that no terminal's or pipe's encoding can spoil it.
        say(json.dumps(document, indent=2))
        return
    for line in lines:
        say(line)


def counted(number: int, one: str, many: str) -> str:
    """``1 person``, ``2 people``."""
    return f"{number:,} {one if number == 1 else many}"


def exit_code_of(code: str) -> int:
    """The exit code that belongs to an error's stable code."""
    waiting = [FacenetAppError]
    while waiting:
        kind = waiting.pop()
        if kind.code == code:
            return kind.exit_code
        waiting.extend(kind.__subclasses__())
    return INTERNAL


def run(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code. Every error becomes one sentence.

    With ``--json`` an error is ``{"error": {code, message, hint}}`` on stdout. ``--debug`` adds the
    traceback on stderr.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names need not be text
    options = list(arguments)
    options = options[: options.index("--")] if "--" in options else options
    try:
        return _run(app, arguments, as_json="--json" in options, debug="--debug" in options)
    except _OutputClosed:
        # Python would try once more at exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_OFF


def _run(app: typer.Typer, arguments: Sequence[str], *, as_json: bool, debug: bool) -> int:
    try:
        code = get_command(app).main(args=arguments, prog_name="facenet-app", standalone_mode=False)
    except _OutputClosed:
        raise
    except Exception as error:  # noqa: BLE001 (the outermost edge: a bug shall end in a sentence, too)
        failure = _as_ours(error)
        if debug:
            traceback.print_exc()
    except KeyboardInterrupt:
        failure = _stopped()
    else:
        if code != INTERRUPTED:
            return code if isinstance(code, int) else 0
        failure = _stopped()  # Typer turns Ctrl-C into this code
    if as_json:
        say(json.dumps({"error": failure.to_dict()}, indent=2))
    else:
        sys.stderr.write(f"{failure!s}\n".translate(_SHOWN))
    return failure.exit_code


def _stopped() -> FacenetAppError:
    return _Interrupted("stopped")


def _as_ours(error: Exception) -> FacenetAppError:
    if isinstance(error, FacenetAppError):
        return error
    if isinstance(error, typer.Abort):
        return _stopped()
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "facenet-app"
        message = error.format_message().strip().rstrip(".")
        return UsageError(message[:1].lower() + message[1:], f"see `{path} --help`")
    return _InternalError(
        f"internal error ({type(error).__name__}): this is a bug in facenet-app",
        "run the command again with --debug and report what it prints",
    )
