"""The languages of the page: each is one file of texts, which also says how it writes numbers and dates."""

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from facenet_app.errors import UsageError

__all__ = ["FOLDER", "Language", "load_language"]

FOLDER: Final = Path(__file__).with_name("texts")
"""Holds a ``<code>.toml`` for every language."""


class Language:
    """The texts of a file, and filling them in.

    Args:
        code: as in ``<html lang>``, such as ``en``.
        document: what the file holds: ``WRITING`` (signs of numbers, form of dates) and ``TEXTS`` by name.
            A text in capitals is one sentence, a list of them or some by name; another is a sentence
            with ``{placeholders}``, or two: ``one`` and ``other``, for what the placeholder ``count`` is.
            ``CORE`` has tables of what the core's codes mean; the core's own language goes without.
    """

    def __init__(self, code: str, document: dict[str, Any]) -> None:
        self.code = code
        self.texts: dict[str, Any] = document["TEXTS"]
        self.core: dict[str, dict[str, str]] = document.get("CORE", {})
        writing: dict[str, str] = document["WRITING"]
        self._signs = str.maketrans({",": writing["group"], ".": writing["decimal"]})
        self._date = writing["date"]

    def say(self, text: str, /, **values: int | str) -> str:
        """A text with its placeholders filled in; numbers as this language writes them."""
        form = self.texts[text]
        if isinstance(form, dict):
            form = form["one" if values["count"] == 1 else "other"]
        written = {
            name: self.number(each) if isinstance(each, int) else each for name, each in values.items()
        }
        return str(form.format(**written))

    def number(self, value: float, form: str = ",") -> str:
        """A number in a format of Python, such as ``.3f``, with the signs of this language."""
        return format(value, form).translate(self._signs)

    def date(self, day: date) -> str:
        return day.strftime(self._date)


@lru_cache(maxsize=8)
def load_language(code: str) -> Language:
    """The language of this code.

    Raises:
        UsageError: there is no file of it.
    """
    known = sorted(path.stem for path in FOLDER.glob("*.toml"))
    if code not in known:
        raise UsageError(
            f"the page does not speak {code!r}", f"set FACENET_APP_LANGUAGE to one of {', '.join(known)}"
        )
    return Language(code, tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8")))
