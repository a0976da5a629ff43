"""A timeline as a table for spreadsheets, and seconds as people write them."""

from typing import Final

from facenet_app.domain import Appearance, VideoIdentification
from facenet_app.table import written_table

__all__ = ["COLUMNS", "clock", "timeline_csv"]

COLUMNS: Final = ("name", "start", "end", "pictures", "distance")
"""Of the table; start and end are seconds."""


def timeline_csv(result: VideoIdentification) -> str:
    """One line an appearance, by start; the name of somebody unknown is empty."""
    return written_table(COLUMNS, map(_line, result.appearances))


def _line(each: Appearance) -> tuple[str, ...]:
    name, distance = (each.person.name, f"{each.person.distance:.4f}") if each.person else ("", "")
    return name, f"{each.start:.3f}", f"{each.end:.3f}", str(len(each.sightings)), distance


def clock(seconds: float) -> str:
    """A time in a video: ``1:02.4``; with hours from the first one on."""
    minutes, tenths = divmod(round(10 * seconds), 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{tenths // 10:02}.{tenths % 10}"
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"
