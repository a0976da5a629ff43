"""Getting people out of a gallery and into another: the part of the store that moves them."""

from collections.abc import Callable
from pathlib import Path

from facenet_app.domain import AuditAction
from facenet_app.gallery.archive_write import Exported, export_gallery
from facenet_app.gallery.arrivals import merge_in, would_merge
from facenet_app.gallery.audit import record
from facenet_app.gallery.copies import CopyKind, note_copy
from facenet_app.gallery.incoming import Incoming
from facenet_app.gallery.merge import MergePlan, OnConflict
from facenet_app.gallery.upkeep import Upkeep

__all__ = ["Portable"]

Progress = Callable[[int, int], None]


class Portable(Upkeep):
    """Base of :class:`facenet_app.gallery.store.GalleryStore`; its promises hold here, too."""

    def export(self, target: Path, *, overwrite: bool = False, progress: Progress | None = None) -> Exported:
        """Write everybody into an archive; see :func:`facenet_app.gallery.archive_write.export_gallery`.

        Raises:
            UsageError: the file is there already.
            GalleryError: a sample is damaged or of another model, or the file cannot be written.
        """
        done = export_gallery(self._database, target, overwrite=overwrite, progress=progress)
        if isinstance(self._database.place, Path):
            note_copy(self._database.place, target, CopyKind.ARCHIVE)
        self._database.write(
            lambda connection: record(connection, AuditAction.EXPORT, samples=done.manifest.samples)
        )
        return done

    def would_merge(self, incoming: Incoming, rule: OnConflict) -> MergePlan:
        """What :meth:`merge_in` would do. Changes nothing.

        Raises:
            ModelMismatch: the gallery holds embeddings of another model.
        """
        return would_merge(self._database, incoming, rule)

    def merge_in(self, incoming: Incoming, rule: OnConflict, progress: Progress | None = None) -> MergePlan:
        """Store incoming people, or nobody; see :func:`facenet_app.gallery.arrivals.merge_in`.

        Raises:
            ModelMismatch: the gallery holds embeddings of another model.
            ArchiveRefused: the archive was changed since it was checked.
            GalleryError: the gallery cannot be written, or not be wiped of who was replaced.
        """
        plan = merge_in(self._database, incoming, rule, progress)
        if plan.gone:
            self._wipe("everybody was imported")
        return plan
