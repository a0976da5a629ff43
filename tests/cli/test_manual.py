"""``docs/cli.md`` says of every command what the command has, and no more."""

import re
from pathlib import Path
from typing import Any

import pytest
from commands import COMMANDS, options
from program import THRESHOLD, Cli

MANUAL = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
SHARED = set(re.findall(r"^\| `(--[a-z]+)", MANUAL, re.MULTILINE))


def section(path: str) -> str:
    return MANUAL.partition(f"\n## {path}\n")[2].partition("\n## ")[0]


def prose(path: str) -> str:
    """The section in one line."""
    return " ".join(section(path).split())


def documented_keys(path: str) -> dict[str, set[str]]:
    """``JSON: `one` (`inner`), `two`.`` as {"one": {"inner"}, "two": set()}."""
    listed = prose(path).partition(" JSON: ")[2].partition(" Exit codes: ")[0]
    entries = re.findall(r"`(\w+)`(?: \(([^()]*)\))?", listed)
    return {key: set(re.findall(r"`(\w+)`", inner)) for key, inner in entries}


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_a_section(path: str) -> None:
    assert f"\n    {path}" in section(path), "no example"
    assert "Exit codes: " in prose(path)


def test_every_section_is_a_command() -> None:
    assert set(re.findall(r"^## (facenet-app .*)$", MANUAL, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_is_documented(path: str) -> None:
    assert options(COMMANDS[path]) - SHARED <= set(re.findall(r"--[a-z-]+", section(path)))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_that_is_documented_exists(path: str) -> None:
    assert set(re.findall(r"(?<![\w-])--[a-z-]+", section(path))) <= options(COMMANDS[path])


def test_the_shared_options_are_those_of_some_command() -> None:
    assert {"--model", "--review", "--json"} <= SHARED
    assert set.union(*(options(command) for command in COMMANDS.values())) >= SHARED


def test_the_document_of_verify(cli: Cli, astronaut: Path) -> None:
    keys = documented_keys("facenet-app verify")
    document = cli("verify", astronaut, astronaut, *THRESHOLD, "--json").document
    assert set(document) == set(keys)
    assert document["decision"] in keys["decision"]
    assert set(document["faces"]) == keys["faces"]


def test_the_document_of_identify(cli: Cli, astronaut: Path) -> None:
    keys = documented_keys("facenet-app identify")
    assert cli("enroll", "Eileen Collins", astronaut).code == 0
    document: dict[str, Any] = cli("identify", astronaut, *THRESHOLD, "--json").document
    assert set(document) == set(keys)
    assert set(document["faces"][0]) == keys["faces"]
