"""The page's texts in the language in use: ``text.COMPARE``, ``text.renamed(old=…, new=…)``.

All of them are in ``texts/<language>.toml``, and are found there by their names: those in capitals as they
are, the others as functions of their placeholders. Below are only those that take more than filling in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from facenet_app.comparison.evidence import two_digits
from facenet_app.domain import Decision, OperatingPoint, Rate
from facenet_app.web.language import Language, load_language

__all__ = [
    "batch_counts",
    "by_hand",
    "consent",
    "core",
    "dataset",
    "day",
    "decided_at",
    "headline",
    "measured_on",
    "measured_rate",
    "number",
    "pictures_of",
    "rate",
    "run_so_far",
    "scale_label",
    "speak",
    "speaks_as_core",
    "spoken",
    "told_apart",
]


@dataclass(slots=True)
class _InUse:
    language: Language


_IN_USE: Final = _InUse(load_language("en"))


def speak(code: str) -> None:
    """Use this language from now on, in the whole process.

    Raises:
        UsageError: there is no language of this code.
    """
    _IN_USE.language = load_language(code)


def spoken() -> str:
    """The code of the language in use."""
    return _IN_USE.language.code


def core(table: str, code: str) -> str | None:
    """What a code of the core means in this language; None in the core's own."""
    return _IN_USE.language.core.get(table, {}).get(code)


def speaks_as_core() -> bool:
    """Whether this language is the core's own."""
    return not _IN_USE.language.core


def __getattr__(name: str) -> Any:
    if name not in _IN_USE.language.texts:
        raise AttributeError(f"there is no text {name!r}")
    return _IN_USE.language.texts[name] if name.isupper() else partial(_IN_USE.language.say, name)


def number(value: float, form: str = ",") -> str:
    """A number in a format of Python, such as ``.3f``, with the signs of the language."""
    return _IN_USE.language.number(value, form)


def day(when: date) -> str:
    """A date."""
    return _IN_USE.language.date(when)


def _day(measured_on: str) -> str:
    """As :func:`day`; a manifest written by hand may say it in other words."""
    try:
        return day(date.fromisoformat(measured_on))
    except ValueError:
        return measured_on


def told_apart(distance: float, threshold: float) -> tuple[str, str]:
    """Both numbers with three digits after the point, or as many as show which one is larger."""
    for digits in range(3, 17):
        shown, limit = number(distance, f".{digits}f"), number(threshold, f".{digits}f")
        if shown != limit or distance == threshold:
            break
    return shown, limit


def headline(decision: Decision, distance: float, threshold: float, *, usable: bool = True) -> str:
    """The two numbers behind a decision, in words. ``usable``: the pictures are good enough to say."""
    shown, limit = told_apart(distance, threshold)
    return _say(f"headline_{decision.value if usable else 'poor'}", distance=shown, threshold=limit)


def scale_label(distance: float, threshold: float, review: float | None = None) -> str:
    """The scale, for those who do not see it."""
    shown, limit = told_apart(distance, threshold)
    if review is None:
        return _say("scale_label", distance=shown, threshold=limit)
    return _say("scale_label_review", distance=shown, threshold=limit, review=number(review, ".3f"))


def rate(value: float) -> str:
    """An error rate to choose: ``1 in 1,000 (0.1 %)``."""
    return _say("rate_choice", number=round(1 / value), percent=number(100 * value, "g"))


def by_hand(threshold: float) -> str:
    """The threshold of the settings as a choice."""
    return _say("by_hand", threshold=number(threshold, "g"))


def decided_at(point: OperatingPoint) -> str:
    """At which false match rate decisions are made, in a few words."""
    if point.target_fmr is None:
        return _say("decided_by_hand", threshold=number(point.threshold, "g"))
    return _say("decided_at", number=round(1 / point.target_fmr), threshold=number(point.threshold, ".3f"))


def measured_rate(rate: Rate) -> str:
    """An error rate with its interval: ``0.12 % (0.10 to 0.15)``."""
    low, high = (number(100 * each, two_digits(100 * each)) for each in (rate.low, rate.high))
    return _say("measured_rate", rate=number(100 * rate.value, ".3g"), low=low, high=high)


def dataset(point: OperatingPoint) -> str:
    """How the pictures are called that a threshold was measured on."""
    return core("DATASETS", point.dataset) or point.dataset


def measured_on(point: OperatingPoint) -> str:
    """What a threshold was measured on, and when."""
    about = {"dataset": dataset(point), "date": _day(point.measured_on)}
    if point.pictures and point.people:
        return _say("measured_on_people", pictures=point.pictures, people=point.people, **about)
    return _say("measured_on", **about)


def batch_counts(decisions: Mapping[Decision, int], failed: int) -> str:
    """How many pairs got which answer."""
    words = _IN_USE.language.texts["DECISIONS"]
    said = [
        _say("decided", decision=words[each], number=decisions[each]) for each in Decision if decisions[each]
    ]
    return " · ".join([*said, *([_say("not_compared", number=failed)] if failed else [])])


def pictures_of(sentence: str, pictures: int, people: int, **more: int) -> str:
    """A sentence with so many pictures of so many people in it."""
    counts = {"pictures": _say("pictures", count=pictures), "people": _say("people", count=people)}
    return _say(sentence, **counts, **more)


def consent(note: str | None, end: date | None) -> str:
    """What a person agreed to, and until when."""
    agreed = _say("consent", note=note) if note else _say("NO_CONSENT")
    return f"{agreed} {_say('consent_ends', date=day(end))}" if end else agreed


def run_so_far(batches: int, epochs: int, *, finished: bool) -> str:
    """How far a training run is."""
    done = {"batches": _say("batches", count=batches), "epochs": _say("epochs", count=epochs)}
    return _say("run_finished" if finished else "run_so_far", **done)


def _say(text: str, /, **values: int | str) -> str:
    return _IN_USE.language.say(text, **values)
