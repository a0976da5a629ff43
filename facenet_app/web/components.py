"""What the components of all tabs have in common."""

from typing import Any, Final

__all__ = ["HEIGHT", "PRIVATE"]

HEIGHT: Final = 260
"""Pixels of a place for photos."""

PRIVATE: Final[dict[str, Any]] = {"api_visibility": "private"}
"""For every event: the page offers no programming interface of its own."""
