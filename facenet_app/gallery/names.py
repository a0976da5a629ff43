"""What a person may be called, and when two names are the same person's.

Names are shown as they were given, in Unicode's composed form; they are compared by a key that
forgives case, width and composition (Unicode Standard, section 3.13, compatibility caseless
matching). Nothing here touches SQL.
"""

import unicodedata
from typing import Final

from facenet_app.errors import InvalidName

__all__ = ["LONGEST_NAME", "checked_name", "name_key"]

LONGEST_NAME: Final = 200
"""Code points of the longest name accepted, after normalization."""

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
    name = unicodedata.normalize("NFC", name).strip().replace("\t", " ")
    for character in name:
        if reason := _REFUSED.get(unicodedata.category(character)):
            raise InvalidName(
                f"a name cannot hold {reason} (U+{ord(character):04X})", "type the name in again without it"
            )
    name = " ".join(name.split())
    if not name:
        raise InvalidName("a name cannot be empty", "give the person's name")
    if len(name) > LONGEST_NAME:
        raise InvalidName(
            f"a name has {LONGEST_NAME} characters at most, this one has {len(name)}", "shorten the name"
        )
    if "/" in name or "\\" in name or name in {".", ".."} or name.startswith("~"):
        raise InvalidName(f"{name!r} looks like a path, not like a name", "give the person's name first")
    return name


def name_key(name: str) -> str:
    """The same for every spelling of a name that differs only in case, width, composition or spaces.

    Idempotent. Takes any text, so that a name that could never be stored is simply not found.
    """
    key = unicodedata.normalize("NFD", name)
    # Folding can undo the normalization and the other way round; twice reaches a fixed point.
    for _ in range(2):
        key = unicodedata.normalize("NFKD", key.casefold())
    return " ".join(unicodedata.normalize("NFKC", key).split())
