"""What deciding about people asks of a gallery, asked once for many of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from facenet_app.domain import Consent, Embedding, Identity, SampleDraft
from facenet_app.enrollment.screen import Screen
from facenet_app.gallery.store import GalleryStore

if TYPE_CHECKING:
    from facenet_app.gate import Gate, Searched

__all__ = ["View"]


class View:
    """A gallery as it is now, for people of these names and these pictures alone.

    Each method is that of :class:`~facenet_app.gallery.store.GalleryStore`.
    """

    def __init__(
        self, gallery: GalleryStore, names: Sequence[str], drafts: Sequence[SampleDraft], gate: "Gate"
    ) -> None:
        self._gallery = gallery
        self._revision = gallery.revision()  # before anything else: what changes later shows
        # Before the people: whom another process adds meanwhile must not look like a stranger.
        self._index: Searched | None = None
        if gate.reach is not None:
            faces = [draft.embedding for draft in drafts]
            self._index = Screen(gallery.index(), faces, gate.reach, gate.settings.template)
        self._people = gallery.find_people(names)
        self._owners = gallery.owners_of([draft.content_sha256 for draft in drafts])

    def revision(self) -> int:
        return self._revision

    def find(self, name: str) -> Identity | None:
        return self._people.get(name)

    def owners_of(self, digests: Sequence[str]) -> dict[str, str]:
        return {digest: self._owners[digest] for digest in digests if digest in self._owners}

    def refuse_expired(self, name: str, consent: Consent) -> None:
        if name in self._people:  # nobody else can have expired
            self._gallery.refuse_expired(name, consent)

    def embeddings(self, identity_id: str) -> list[Embedding]:
        return self._gallery.embeddings(identity_id)

    def index(self) -> "Searched":
        return self._gallery.index() if self._index is None else self._index
