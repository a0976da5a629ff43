"""What an import would do, person by person. Nothing here touches SQL."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count
from typing import Any, Self

from facenet_app.gallery.incoming import IncomingPerson, IncomingSample
from facenet_app.gallery.names import LONGEST_NAME, name_key

__all__ = ["Action", "MergePlan", "OnConflict", "Present", "Step", "plan_merge"]


class OnConflict(StrEnum):
    """What becomes of somebody whose id or name is in the gallery already."""

    SKIP = "skip"
    """The gallery's person stays as they are; nothing of the incoming one is stored."""
    REPLACE = "replace"
    """The gallery's person goes, the incoming one comes."""
    KEEP_BOTH = "keep-both"
    """The incoming one comes under the next free name: "Ada Lovelace (2)"."""


class Action(StrEnum):
    """What becomes of an incoming person."""

    ADD = "add"
    SKIP = "skip"
    REPLACE = "replace"
    KEEP_BOTH = "keep-both"


@dataclass(frozen=True, slots=True)
class Present:
    """What of a gallery an import can run into.

    ``names`` are those of all people by their ids; ``pictures`` whose each incoming picture is
    already, by its digest; ``sample_ids`` who has each incoming sample id.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    sample_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one incoming person.

    ``person`` is as they are to be stored (id, name, samples), or as they came if they are skipped;
    ``came_as`` is the name they came with, ``replaces`` the ids of those who go, and ``duplicates``
    the number of their pictures that are enrolled for somebody who stays.
    """

    person: IncomingPerson
    action: Action
    came_as: str
    replaces: tuple[str, ...] = ()
    duplicates: int = 0

    def to_dict(self) -> dict[str, Any]:
        stored = 0 if self.action is Action.SKIP else len(self.person.samples)
        return {
            "name": self.came_as,
            "action": self.action.value,
            "stored_as": None if self.action is Action.SKIP else self.person.name,
            "samples": stored,
            "duplicates": self.duplicates,
        }


@dataclass(frozen=True, slots=True)
class MergePlan:
    """The steps of an import, in the order of the incoming people."""

    steps: tuple[Step, ...]

    @property
    def stored(self) -> Iterator[Step]:
        return (step for step in self.steps if step.action is not Action.SKIP)

    @property
    def gone(self) -> set[str]:
        """Ids of the gallery's people who are replaced."""
        return {each for step in self.steps for each in step.replaces}

    def counts(self) -> dict[str, int]:
        """How many people each action is for, and how many samples are stored and left out."""
        actions = {action: sum(step.action is action for step in self.steps) for action in Action}
        return {
            "added": actions[Action.ADD],
            "replaced": actions[Action.REPLACE],
            "kept_both": actions[Action.KEEP_BOTH],
            "skipped": actions[Action.SKIP],
            "samples": sum(len(step.person.samples) for step in self.stored),
            "duplicates": sum(step.duplicates for step in self.steps),
        }


def plan_merge(
    people: Sequence[IncomingPerson], present: Present, rule: OnConflict, new_id: Callable[[], str]
) -> MergePlan:
    """Decide about each incoming person.

    A picture that is enrolled for somebody who stays is never stored twice; who has no other pictures
    is skipped.

    Args:
        people: ids, names (by :func:`name_key`), sample ids and pictures are there once.
        present: the gallery.
        rule: for those whose id or name is there.
        new_id: makes an id for whatever cannot keep its own.
    """
    stays: frozenset[str] = frozenset()
    while True:
        merging = _Merging.of(people, present, rule, stays)
        steps = tuple(merging.step(person, new_id) for person in people)
        # Who would be replaced by somebody of whom nothing is left stays, and so do their pictures.
        empty = {
            step.person.id for step in steps if step.action is Action.SKIP and merging.replaced(step.person)
        }
        if empty <= stays:
            return MergePlan(steps)
        stays |= empty


@dataclass(slots=True)
class _Merging:
    """One attempt: ``gone`` are the ids of the gallery's people who are replaced."""

    present: Present
    rule: OnConflict
    by_key: dict[str, str]
    names: set[str]
    stays: frozenset[str]
    gone: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls, people: Iterable[IncomingPerson], present: Present, rule: OnConflict, stays: frozenset[str]
    ) -> Self:
        by_key = {name_key(name): each for each, name in present.names.items()}
        names = {*by_key, *(name_key(person.name) for person in people)}
        merging = cls(present, rule, by_key, names, stays)
        if rule is OnConflict.REPLACE:
            merging.gone = {
                each for person in people if merging.replaced(person) for each in merging._holders(person)
            }
        return merging

    def replaced(self, person: IncomingPerson) -> bool:
        """Whether the rule says that this person takes somebody's place."""
        return self.rule is OnConflict.REPLACE and person.id not in self.stays and bool(self._holders(person))

    def step(self, person: IncomingPerson, new_id: Callable[[], str]) -> Step:
        holders = self._holders(person)
        if person.id in self.stays:
            return Step(person, Action.SKIP, person.name, duplicates=len(person.samples))
        if holders and self.rule is OnConflict.SKIP:
            return Step(person, Action.SKIP, person.name)
        fresh = [each for each in person.samples if self._is_free(self.present.pictures, each.content_sha256)]
        duplicates = len(person.samples) - len(fresh)
        if duplicates and not fresh:
            return Step(person, Action.SKIP, person.name, duplicates=duplicates)
        samples = tuple(self._with_free_id(each, new_id) for each in fresh)
        if not holders:
            return Step(replace(person, samples=samples), Action.ADD, person.name, (), duplicates)
        if self.rule is OnConflict.REPLACE:
            stored = replace(person, samples=samples)
            return Step(stored, Action.REPLACE, person.name, tuple(sorted(holders)), duplicates)
        stored = replace(
            person,
            id=new_id() if person.id in self.present.names else person.id,
            name=self._free_name(person.name),
            samples=samples,
        )
        return Step(stored, Action.KEEP_BOTH, person.name, (), duplicates)

    def _holders(self, person: IncomingPerson) -> set[str]:
        """Who has the id or the name already."""
        named = self.by_key.get(name_key(person.name))
        return {each for each in (person.id, named) if each in self.present.names and each is not None}

    def _with_free_id(self, sample: IncomingSample, new_id: Callable[[], str]) -> IncomingSample:
        free = self._is_free(self.present.sample_ids, sample.id)
        return sample if free else replace(sample, id=new_id())

    def _is_free(self, owners: Mapping[str, str], what: str) -> bool:
        """Whether nobody who stays has it."""
        owner = owners.get(what)
        return owner is None or owner in self.gone

    def _free_name(self, name: str) -> str:
        if name_key(name) not in self.by_key:
            return name
        for number in count(2):
            mark = f" ({number})"
            other = name[: LONGEST_NAME - len(mark)].rstrip() + mark
            if name_key(other) not in self.names:
                self.names.add(name_key(other))
                return other
        raise AssertionError("numbers do not end")
