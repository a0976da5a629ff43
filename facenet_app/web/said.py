"""What the core says, in the language in use.

The core speaks English. Any other language has a sentence for each of the core's stable codes (table ``CORE``
of its file); where the core's own says more, such as a file's name, a size or a limit, it follows in small
print. In English the core's sentences stand alone.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from markupsafe import Markup

from facenet_app.domain import Finding, Notice, RefusedImage
from facenet_app.errors import FacenetAppError, ImageNotFound
from facenet_app.gate import ON_COMMAND_LINE
from facenet_app.imaging.quality import ADVICE
from facenet_app.web import text
from facenet_app.web.meaning import share
from facenet_app.web.own_errors import NotAllowed, WrongInput

__all__ = [
    "said",
    "said_advice",
    "said_error",
    "said_finding",
    "said_notice",
    "said_refusal",
    "said_suggestion",
    "without_folders",
]

SHARES: Final = frozenset({"strangers", "asked"})
"""Values of notices that are parts of all strangers."""


def said_error(error: FacenetAppError, uploads: Iterable[Path] = ()) -> Markup:
    """What is wrong, and what to do next."""
    if isinstance(
        error, ImageNotFound
    ):  # the core would ask to check the path, which a visitor does not know
        return Markup.escape(text.PHOTO_GONE)
    english = without_folders(str(error), uploads)
    if isinstance(error, NotAllowed | WrongInput):
        return Markup.escape(english)
    return said(error.code, english)


def said(code: str, english: str, reasons: Iterable[str] = ()) -> Markup:
    """An error by its code; with the ``reasons`` of a poor face there is nothing to add in English."""
    advice = [words for reason in reasons if (words := text.core("ADVICE", reason))]
    own = text.core("ERRORS", code)
    return Markup.escape(" ".join([own, *advice])) if own and advice else _with_english(own, english)


def said_refusal(image: RefusedImage, name: str, *, named: bool = False) -> Markup:
    """Why a picture was not enrolled; ``named``: with its name in front, where the sentence lacks it.

    ``name`` is what the visitor calls the picture. Whether to enroll it anyway, the page asks by itself.
    """
    english = image.message.replace(image.source, name).replace(ON_COMMAND_LINE, "")
    if not english.startswith(name):
        english = english[:1].upper() + english[1:]
    words = said(image.code, english, image.reasons)
    if not named or (text.speaks_as_core() and name in english):
        return words
    return Markup("{}: {}").format(name, words)


def said_advice(reason: str) -> Markup:
    """What a reason code of a poor face means, and what helps."""
    return Markup.escape(text.core("ADVICE", reason) or _sentence(ADVICE[reason]))


def said_notice(notice: Notice, uploads: Iterable[Path] = (), *, named: bool = True) -> Markup:
    """A warning; ``named``: with the picture that it is about in front."""
    form = text.core("NOTICES", notice.code) or text.core("ADVICE", notice.code)
    if form is None:
        return _with_english(None, without_folders(str(notice) if named else notice.sentence, uploads))
    words = form.format(**{name: _written(name, value) for name, value in notice.values.items()})
    if named and notice.picture:
        sides = {"probe": text.PROBE_SIDE, "reference": text.REFERENCE_SIDE}
        words = f"{sides.get(notice.picture, notice.picture)}: {words}"
    return Markup.escape(without_folders(words, uploads))


def said_finding(finding: Finding) -> Markup:
    """What was found in the gallery."""
    return _with_english(text.core("FINDINGS", finding.code), _sentence(finding.message))


def said_suggestion(finding: Finding) -> Markup:
    """What to do about it."""
    own = text.FINDING_ADVICE.get(finding.code)
    if own or not finding.suggestion:
        return Markup.escape(own or "")
    return _with_english(text.core("FINDING_ADVICE", finding.code), _sentence(finding.suggestion))


def _with_english(own: str | None, english: str) -> Markup:
    if own is not None:
        return Markup('{} <small lang="en">{}</small>').format(own, english)
    return Markup.escape(english)


def _written(name: str, value: str | float) -> str:
    if name == "selection":
        return text.core("SELECTIONS", str(value).split(maxsplit=1)[0]) or ""
    if isinstance(value, str):
        return value
    if name == "pictures":
        return str(text.enrolled_pictures(count=int(value)))
    if name in SHARES:
        return share(value)
    return text.number(value, "," if isinstance(value, int) else ".3f")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def without_folders(sentence: str, uploads: Iterable[Path]) -> str:
    """The sentence with the names of uploaded files for their paths, and a capital letter in front."""
    starts_with_file = False
    for path in uploads:
        starts_with_file |= sentence.startswith(str(path))
        sentence = sentence.replace(str(path), path.name)
    return sentence if starts_with_file else sentence[:1].upper() + sentence[1:]
