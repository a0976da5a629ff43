"""The part of the store that says which gallery this is: where, for which model, at which revision."""

from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from facenet_app.domain import Place
from facenet_app.gallery.advice import Advice
from facenet_app.gallery.binding import refuse_other_model
from facenet_app.gallery.opening import gallery_file
from facenet_app.gallery.schema import gallery

__all__ = ["Header"]


class Header(Advice):
    """Base of :class:`facenet_app.gallery.store.GalleryStore`; its promises hold here, too."""

    @property
    def place(self) -> Place:
        """Where it is: a file, as an absolute path, or a server, whose address shows no password."""
        return self._database.place

    @property
    def path(self) -> Path:
        """The file, as an absolute path.

        Raises:
            GalleryError: the gallery is on a server.
        """
        return gallery_file(self.place)

    @property
    def model(self) -> str:
        """Id of the model that made the embeddings, as the file says now."""
        return str(self._header().model)

    @property
    def fingerprint(self) -> str:
        """Fingerprint of that model, as the file says now."""
        return str(self._header().fingerprint)

    def refuse_other_model(self, model: str, fingerprint: str) -> None:
        """Do nothing if this model's embeddings can be compared with those here, or there are none.

        Raises:
            ModelMismatch: the gallery holds embeddings of another model, or of this one under other
                settings; the hint names those that differ.
        """
        self._database.read(lambda connection: refuse_other_model(connection, self.place, model, fingerprint))

    def revision(self) -> int:
        """Raised by one in every transaction that writes, by whichever process."""
        return int(self._header().revision)

    def _header(self) -> Row[Any]:
        return self._database.read(lambda connection: connection.execute(select(gallery)).one())
