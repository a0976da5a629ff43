"""The error tree is what its docstring draws, and programs can rely on it."""

import inspect
import re

import pytest

from facenet_app import errors
from facenet_app.errors import FacenetAppError, PoorQuality

CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, FacenetAppError)
}
ROW = re.compile(
    r"^ {4}(?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: +(?P<code>[a-z]\w*))?(?: +(?P<exit>\d|exit))?$"
)


def drawn() -> list[tuple[int, str, str | None, str | None]]:
    """(depth, name, code, exit code) of each row of the tree in the module's docstring."""
    assert errors.__doc__ is not None
    rows = [ROW.match(line) for line in errors.__doc__.splitlines()]
    return [(len(row["branch"]) // 4, row["name"], row["code"], row["exit"]) for row in rows if row]


def parents() -> dict[str, str]:
    above: list[str] = []
    found = {}
    for depth, name, _, _ in drawn():
        above[depth:] = [name]
        if depth:
            found[name] = above[depth - 1]
    return found


def test_every_error_is_public() -> None:
    assert set(errors.__all__) == set(CLASSES)
    assert errors.__all__ == sorted(errors.__all__)


def test_the_tree_drawn_is_the_tree_there_is() -> None:
    assert {name for _, name, _, _ in drawn()} == set(CLASSES)
    public = set(CLASSES.values())  # a private base in between is nobody's business
    assert parents() == {
        name: next(base for base in value.__mro__[1:] if base in public).__name__
        for name, value in CLASSES.items()
        if value is not FacenetAppError
    }


def test_codes_and_exit_codes_are_those_of_the_table() -> None:
    rows = [row for row in drawn() if row[1] != "FacenetAppError"]
    assert rows
    for _, name, code, exit_code in rows:
        assert CLASSES[name].exit_code == int(exit_code or -1), name
        if code is not None:  # branches that are never raised themselves have none in the table
            assert CLASSES[name].code == code, name


def test_codes_are_unique() -> None:
    codes = [error.code for error in CLASSES.values()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("error", CLASSES.values(), ids=CLASSES)
def test_a_message_is_one_sentence_with_what_to_do(error: type[FacenetAppError]) -> None:
    raised = error("it is wrong", "put it right")
    assert str(raised) == "it is wrong; put it right."
    assert str(error("it is wrong")) == "it is wrong."
    assert raised.to_dict() == {"code": error.code, "message": "it is wrong", "hint": "put it right"}


def test_poor_quality_says_why() -> None:
    assert PoorQuality("too poor", reasons=("too_small",)).reasons == ("too_small",)
    assert PoorQuality("too poor").reasons == ()
