"""How decisions would change if a gallery were bound to another model, before anything does."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Changeover, ModelOutcomes, OperatingPoint, PersonChange
from facenet_app.errors import GalleryError
from facenet_app.gallery.database import Database
from facenet_app.gallery.fresh import fresh_vectors
from facenet_app.gallery.likeness import Likeness, likeness
from facenet_app.gallery.load import load_index
from facenet_app.gallery.part import Part

__all__ = ["Trial", "compare_models"]


class _Outcome(StrEnum):
    """What comes of a sample; see :class:`facenet_app.domain.ModelOutcomes`."""

    RECOGNIZED = "recognized"
    MISSED = "missed"
    CONFUSED = "confused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trial:
    """A model and the operating point at which it would decide."""

    model: str
    point: OperatingPoint

    def outcomes(self, like: Likeness) -> list[_Outcome]:
        """One for each sample."""
        near = np.minimum(like.own, like.other) <= self.point.threshold
        found = np.where(like.own <= like.other, _Outcome.RECOGNIZED, _Outcome.CONFUSED)
        lost = np.where(np.isinf(like.nearest_own), _Outcome.UNKNOWN, _Outcome.MISSED)
        return [_Outcome(str(each)) for each in np.where(near, found, lost)]

    def counted(self, outcomes: list[_Outcome]) -> ModelOutcomes:
        counts = Counter(outcomes)
        return ModelOutcomes(
            model=self.model,
            threshold=self.point.threshold,
            target_fmr=self.point.target_fmr,
            recognized=counts[_Outcome.RECOGNIZED],
            missed=counts[_Outcome.MISSED],
            confused=counts[_Outcome.CONFUSED],
            unknown=counts[_Outcome.UNKNOWN],
        )


def compare_models(database: Database, old: Trial, new: Trial, now: datetime) -> Changeover:
    """Every sample against the centroids of all the others, by the embeddings of both models.

    Args:
        database: a gallery of the old model, with the new one's embeddings waiting.
        old: the gallery's model.
        new: the model of its operating point's fingerprint.
        now: those whose consent has expired are left out.

    Raises:
        GalleryError: embeddings of the new model are missing.
    """
    people = load_index(database, now).index.everybody()
    if people is None:
        return Changeover(0, old.counted([]), new.counted([]), ())
    before = likeness(people.vectors, people.starts)
    after = likeness(_fresh(database, people, new.point.fingerprint), people.starts)
    was, becomes = old.outcomes(before), new.outcomes(after)
    changes: dict[int, list[int]] = defaultdict(list)
    for row, (first, second) in enumerate(zip(was, becomes, strict=True)):
        if first is not second:
            changes[people.person_of(row)].append(row)
    persons = [_person(people, rows, was, becomes, after.who) for rows in changes.values()]
    return Changeover(
        people.samples,
        old.counted(was),
        new.counted(becomes),
        tuple(sorted(persons, key=lambda person: person.name)),
    )


def _fresh(database: Database, people: Part, fingerprint: str) -> NDArray[np.float32]:
    """The new model's embeddings, in the order of the old ones."""
    fresh = database.read(lambda connection: fresh_vectors(connection, fingerprint))
    try:
        return np.stack([fresh[sample_id] for sample_id in people.sample_ids])
    except KeyError as error:
        raise GalleryError(
            "somebody was enrolled while the models were compared", "run the command again"
        ) from error


def _person(
    people: Part, rows: list[int], was: list[_Outcome], becomes: list[_Outcome], who: NDArray[np.intp]
) -> PersonChange:
    """Those of a person's rows whose outcome is another one."""
    ids: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        ids[f"to {becomes[row]}"].append(people.sample_ids[row])
        ids[f"from {was[row]}"].append(people.sample_ids[row])
    others = {people.names[int(who[row])] for row in rows if becomes[row] is _Outcome.CONFUSED}
    return PersonChange(
        name=people.names[people.person_of(rows[0])],
        newly_recognized=tuple(ids[f"to {_Outcome.RECOGNIZED}"]),
        newly_missed=tuple(ids[f"to {_Outcome.MISSED}"]),
        newly_confused=tuple(ids[f"to {_Outcome.CONFUSED}"]),
        no_longer_confused=tuple(ids[f"from {_Outcome.CONFUSED}"]),
        confused_with=tuple(sorted(others)),
    )
