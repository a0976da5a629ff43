"""What somebody should know of a result: a sentence, and what it is made of for other languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Notice", "NoticeCode"]


class NoticeCode(StrEnum):
    """Stable codes of notices; those of a poor face are the reason codes of its quality."""

    SEVERAL_FACES = "several_faces"
    OTHER_DETECTOR = "other_detector"
    RATE_NOT_KEPT = "rate_not_kept"
    EMPTY_GALLERY = "empty_gallery"
    ENROLLED_ALREADY = "enrolled_already"
    NOT_COMPARED = "not_compared"
    ALSO_LIKE = "also_like"
    MAY_BELONG = "may_belong"


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning of a result. As text it is the English sentence, which documents hold.

    Attributes:
        code: a :class:`NoticeCode`, or a reason code of :mod:`facenet_app.imaging.quality`.
        sentence: in English, with a full stop.
        picture: the one that it is about, as it is called; empty if it is about something else.
        values: what stands in the sentence by name: names, numbers, distances, rates from 0 to 1.
    """

    code: str
    sentence: str
    picture: str = ""
    values: Mapping[str, str | float] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.picture}: {self.sentence}" if self.picture else self.sentence
