"""What a person agreed to: a note, such as where the signed form is, and until when it holds."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from facenet_app.errors import UsageError

__all__ = ["Consent", "expiry_time"]


@dataclass(frozen=True, slots=True)
class Consent:
    """Given with an enrollment; what is None leaves what the gallery has of the person."""

    note: str | None = None
    expires_at: datetime | None = None
    """The moment, with a time zone, from which the person is never found and may be purged."""


def expiry_time(day: date | datetime | str) -> datetime:
    """The moment at which a consent ends: the beginning of a day in UTC, or a time with a zone.

    >>> expiry_time("2027-11-21").isoformat()
    '2027-11-21T00:00:00+00:00'

    Raises:
        UsageError: it is neither, nor a text that says one in the form of ISO 8601.
    """
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day) if len(day) <= len("2027-11-21") else datetime.fromisoformat(day)
        except ValueError as error:
            raise UsageError(f"{day!r} is not a date", "give one such as 2027-11-21") from error
    if isinstance(day, datetime):
        if day.tzinfo is None:
            raise UsageError(f"the time {day} has no zone", "add one, such as +00:00, or give a date alone")
        return day.astimezone(UTC)
    return datetime.combine(day, time(), UTC)
