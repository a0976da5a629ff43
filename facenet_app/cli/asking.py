"""Asking before something is gone for good, where somebody can answer."""

import sys

import typer

from facenet_app.cli.options import Given
from facenet_app.cli.run import emit
from facenet_app.errors import UsageError

__all__ = ["agreed", "left_alone", "may_ask"]


def agreed(given: Given, question: str, *, yes: bool) -> bool:
    """Whether the user says yes, with ``yes`` without being asked.

    Raises:
        UsageError: nobody can be asked here.
    """
    if yes:
        return True
    if not may_ask(given):
        raise UsageError("this needs a yes, and nobody can be asked here", "add --yes")
    return typer.confirm(question, err=True)


def may_ask(given: Given) -> bool:
    """Whether somebody sits at a terminal, and not a program that reads JSON."""
    return sys.stdin.isatty() and not given.json


def left_alone(given: Given) -> int:
    """The result of a command that was answered with no: its exit code."""
    emit({}, ["nothing was changed"], as_json=given.json)
    return 1
