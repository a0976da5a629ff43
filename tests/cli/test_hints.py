"""Whatever command a message, a help text or a comment tells somebody to run exists."""

import re
from pathlib import Path

import pytest
from commands import COMMANDS, options

import facenet_app.cli

PACKAGE = Path(facenet_app.cli.__file__).parents[1]
MENTION = re.compile(r"`(facenet-app [^`]+)`")
MENTIONS = sorted(
    {
        (str(path.relative_to(PACKAGE)), re.sub(r"\s+", " ", mention))
        for path in PACKAGE.rglob("*.py")
        for mention in MENTION.findall(path.read_text(encoding="utf-8"))
    }
)


def exists(mention: str) -> bool:
    """Whether this is a command, or a group of them, with options that it has."""
    before_options = mention.partition(" --")[0]
    named = [path for path in COMMANDS if f"{before_options} ".startswith(f"{path} ")]
    given = set(re.findall(r"--[a-z-]+", mention))
    if not named:
        return given <= {"--help"} and any(path.startswith(f"{before_options} ") for path in COMMANDS)
    (path,) = named
    return given <= {*options(COMMANDS[path]), "--help"}


def test_they_are_found() -> None:
    assert ("gallery/binding.py", "facenet-app gallery reembed") in MENTIONS
    assert len(MENTIONS) > 10


@pytest.mark.parametrize(("file", "mention"), MENTIONS)
def test_what_is_mentioned_exists(file: str, mention: str) -> None:
    assert exists(mention)


@pytest.mark.parametrize(
    "mention",
    [
        "facenet-app gallery mend",
        "facenet-app gallery --fix",
        "facenet-app galery",
        "facenet-app gallery check --fix",
        "facenet-app verifyy",
    ],
)
def test_what_does_not_exist_is_noticed(mention: str) -> None:
    assert not exists(mention)
