"""The part of the store that advises: what embeddings say about the people, and about another model."""

from collections.abc import Sequence

from facenet_app.domain import Changeover, Finding, OperatingPoint
from facenet_app.gallery.changeover import Trial, compare_models
from facenet_app.gallery.people_check import check_people
from facenet_app.gallery.portable import Portable
from facenet_app.gallery.reembed import Embed, NewModel, Progress, embed_anew

__all__ = ["Advice"]


class Advice(Portable):
    """Base of :class:`facenet_app.gallery.store.GalleryStore`; its promises hold here, too."""

    def check_people(self, points: Sequence[OperatingPoint]) -> list[Finding]:
        """Who may be there twice, and which samples may be somebody else's or are of little use.

        Args:
            points: those measured for the gallery's model; their thresholds decide where to look.

        Raises:
            GalleryError: embeddings are damaged, as ``check`` reports.
        """
        return check_people(self._database, points, self._clock())

    def try_model(self, old: Trial, new: Trial, embed: Embed, progress: Progress | None = None) -> Changeover:
        """How decisions would change with another model; those of searches stay as they are.

        The new embeddings are kept, so that ``reembed`` need not compute them again.

        Args:
            old: the gallery's model.
            new: the other one; the fingerprint is that of its operating point.
            embed: as in ``reembed``.
            progress: as in ``reembed``.

        Raises:
            GalleryError: as ``reembed``; or somebody was enrolled meanwhile.
        """
        embed_anew(self._database, NewModel(new.model, new.point.fingerprint, embed), progress)
        return compare_models(self._database, old, new, self._clock())
