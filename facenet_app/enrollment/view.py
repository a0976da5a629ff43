"""What deciding about people asks of a gallery, asked once for many of them."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from facenet_app.domain import Consent, Embedding, Identity
from facenet_app.gallery.store import GalleryStore

if TYPE_CHECKING:
    from facenet_app.gallery.searchable import Searchable

__all__ = ["View"]


class View:
    """A gallery as it is now, for people of these names and pictures of these digests alone.

    Each method is that of :class:`~facenet_app.gallery.store.GalleryStore`. ``searched``:
    its index is needed.
    """

    def __init__(
        self, gallery: GalleryStore, names: Sequence[str], digests: Sequence[str], *, searched: bool
    ) -> None:
        self._gallery = gallery
        if searched:  # before the people: whom another process adds meanwhile must not look like a stranger
            self.index()
        self._people = gallery.find_people(names)
        self._owners = gallery.owners_of(digests)

    def find(self, name: str) -> Identity | None:
        return self._people.get(name)

    def owners_of(self, digests: Sequence[str]) -> dict[str, str]:
        return {digest: self._owners[digest] for digest in digests if digest in self._owners}

    def refuse_expired(self, name: str, consent: Consent) -> None:
        if name in self._people:  # nobody else can have expired
            self._gallery.refuse_expired(name, consent)

    def embeddings(self, identity_id: str) -> list[Embedding]:
        return self._gallery.embeddings(identity_id)

    def index(self) -> "Searchable":
        return self._index

    @cached_property
    def _index(self) -> "Searchable":
        return self._gallery.index()
