"""What a person may be called, and when two names are the same person's.

Names are shown as they were given, in Unicode's composed form; they are compared by a key that
forgives case, width and composition (Unicode Standard, section 3.13, compatibility caseless
matching). Nothing here touches SQL.
"""

import unicodedata
from typing import Final

from facenet_app.errors import InvalidName, UsageError

__all__ = ["LONGEST_NAME", "LONGEST_NOTE", "checked_name", "checked_note", "name_key", "part_key"]

LONGEST_NAME: Final = 200
"""Code points of the longest name accepted, after normalization."""

LONGEST_NOTE: Final = 500
"""The same of a note on somebody's consent."""

_REFUSED: Final = {
    "Cc": "a control character",
    "Cf": "an invisible formatting character",  # bidirectional overrides and zero-width ones among them
    "Cs": "half of a surrogate pair",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}
"""General categories that no name may hold: they hide in lists or change how a line is shown."""


def checked_name(name: str) -> str:
    """The name as it is stored: NFC, trimmed, with single spaces. Idempotent.

    Raises:
        InvalidName: it is empty, longer than ``LONGEST_NAME``, looks like a path, or holds
            characters that cannot be seen.
    """
    name = _plain_line(name, "name")
    if not name:
        raise InvalidName("a name cannot be empty", "give the person's name")
    if len(name) > LONGEST_NAME:
        raise InvalidName(
            f"a name has {LONGEST_NAME} characters at most, this one has {len(name)}", "shorten the name"
        )
    if "/" in name or "\\" in name or name in {".", ".."} or name.startswith("~"):
        raise InvalidName(f"{name!r} looks like a path, not like a name", "give the person's name first")
    return name


def checked_note(note: str) -> str:
    """A note on a person's consent as it is stored: one line, trimmed, with single spaces.

    Raises:
        UsageError: it is longer than ``LONGEST_NOTE`` or holds characters that cannot be seen.
    """
    note = _plain_line(note, "note")
    if len(note) > LONGEST_NOTE:
        raise UsageError(
            f"a note has {LONGEST_NOTE} characters at most, this one has {len(note)}", "shorten the note"
        )
    return note


def _plain_line(text: str, what: str) -> str:
    """The text in composed form with single spaces.

    Raises:
        InvalidName: it holds characters that cannot be seen.
    """
    text = unicodedata.normalize("NFC", text).strip().replace("\t", " ")
    for character in text:
        if reason := _REFUSED.get(unicodedata.category(character)):
            raise InvalidName(
                f"a {what} cannot hold {reason} (U+{ord(character):04X})",
                f"type the {what} in again without it",
            )
    return " ".join(text.split())


def name_key(name: str) -> str:
    """The same for every spelling of a name that differs only in case, width, composition or spaces.

    Idempotent. Takes any text, so that a name that could never be stored is simply not found.
    """
    key = unicodedata.normalize("NFD", name)
    # Folding can undo the normalization and the other way round; twice reaches a fixed point.
    for _ in range(2):
        key = unicodedata.normalize("NFKD", key.casefold())
    return " ".join(unicodedata.normalize("NFKC", key).split())


def part_key(part: str) -> str | None:
    """What to look for in the :func:`name_key` of names with this part; None if no name can have it."""
    try:
        part = _plain_line(part, "name")
    except InvalidName:
        return None
    return name_key(part) if len(part) <= LONGEST_NAME else None
