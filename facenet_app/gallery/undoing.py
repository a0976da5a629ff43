"""Removing with a way back: the part of the store behind the page's "Undo"."""

from sqlalchemy import Connection

from facenet_app.domain import Identity
from facenet_app.gallery.taken_out import TakenOut, put_back, take_out
from facenet_app.gallery.upkeep import Upkeep

__all__ = ["Undoing"]


class Undoing(Upkeep):
    """Base of :class:`facenet_app.gallery.store.GalleryStore`; its promises hold here, too."""

    def take_out(self, name: str, sample_id: str | None = None) -> TakenOut:
        """Remove a person as ``remove`` does, or one sample, and give back what was stored of it.

        The gallery's files hold nothing of it from then on; if others prevent the wiping just now, ``check``
        says so and whoever opens the gallery next wipes.

        Args:
            name: the person.
            sample_id: of the one sample to remove; None: the person with all of them.

        Raises:
            IdentityNotFound: nobody is called ``name``.
            GalleryError: the person has no such sample.
            UsageError: it is the person's only sample.
        """

        def change(connection: Connection) -> TakenOut:
            return take_out(connection, name, sample_id)

        taken = self._database.write(change)
        self._wipe_if_possible()
        return taken

    def put_back(self, taken: TakenOut) -> Identity:
        """Store what :meth:`take_out` gave as it was, with ids and times; returns the person.

        Raises:
            IdentityExists: somebody got the name meanwhile.
            IdentityNotFound: the person whose sample it is went meanwhile.
            DuplicateSample: one of the pictures was enrolled meanwhile.
            GalleryError: the gallery belongs to another model now.
        """
        return self._database.write(lambda connection: put_back(connection, taken))
