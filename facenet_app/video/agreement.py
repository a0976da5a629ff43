"""A name is believed once several pictures in a row agree on it."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

__all__ = ["AGREE", "OF", "Seen"]

AGREE: Final = 3
"""Pictures that must show a person before the name is said …"""
OF: Final = 5
"""… of so many in a row. One picture that is wrong by chance names nobody."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Ids of the people matched in each of the last pictures, the oldest first; at most ``OF`` of them."""

    pictures: tuple[frozenset[str], ...] = ()

    def after(self, matched: Collection[str]) -> "Seen":
        """With one more picture; somebody found twice in it counts once."""
        return Seen((*self.pictures, frozenset(matched))[-OF:])

    @property
    def agreed(self) -> frozenset[str]:
        """The people that ``AGREE`` of the pictures show."""
        counts = Counter(person for picture in self.pictures for person in picture)
        return frozenset(person for person, number in counts.items() if number >= AGREE)
