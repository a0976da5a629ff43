"""Serve the page and the API: ``uv run app.py``. Settings come from FACENET_APP_* variables."""

import sys

import typer

from facenet_app.errors import FacenetAppError
from facenet_app.server.serve import serve
from facenet_app.settings import load_settings


def main() -> int:
    """Settings -> service -> page -> serve; the exit code."""
    try:
        serve(load_settings(), say)
    except FacenetAppError as error:
        typer.echo(f"Error: {error}", err=True)
        return error.exit_code
    return 0


def say(line: str) -> None:
    """A line on stdout, at once also where stdout is a pipe."""
    typer.echo(line)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
