"""Copies of a gallery, in lines: where somebody may still be who is gone from it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from facenet_app.gallery.copies import GalleryCopy

__all__ = ["copy_lines"]

_KINDS: Final = {"backup": "backup", "archive": "archive", "replaced": "gallery before the restore"}


def copy_lines(copies: "Sequence[GalleryCopy]", sentence: str) -> list[str]:
    """The sentence and a line for each copy; nothing if there are none."""
    if not copies:
        return []
    lines = [
        f"  {copy.path} ({_KINDS[copy.kind]} of {copy.made_at:%Y-%m-%d %H:%M} UTC"
        f"{'' if copy.there else '; moved or deleted since'})"
        for copy in copies
    ]
    return [sentence, *lines]
