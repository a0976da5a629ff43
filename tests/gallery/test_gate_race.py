"""The gate when others write between its decision and the transaction. Faces are angles on a circle."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from drafts import FINGERPRINT, MODEL
from made_pictures import enroll, rules, sample, write

from facenet_app.domain import Enrollment, Place, SampleDraft
from facenet_app.enrollment.examine import Examined, Picture
from facenet_app.enrollment.settle import ATTEMPTS, settle
from facenet_app.errors import DecisionOutdated
from facenet_app.gallery import changelog
from facenet_app.gallery.basis import Basis
from facenet_app.gallery.store import GalleryStore


class Interrupted(GalleryStore):
    """A gallery in which ``meanwhile`` happens once, between a decision and what it is about."""

    meanwhile: Callable[[], object] | None = None
    attempts = 0

    def add_people(self, *people: Any, **more: Any) -> Any:
        self.attempts += 1
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return super().add_people(*people, **more)


@pytest.fixture
def mine(place: Place) -> Iterator[Interrupted]:
    with Interrupted.open(place, model=MODEL, fingerprint=FINGERPRINT) as opened:
        yield opened


@pytest.fixture
def others(mine: Interrupted) -> Iterator[Interrupted]:
    with Interrupted.open(mine.place, model=MODEL, fingerprint=FINGERPRINT) as opened:
        yield opened


def face(text: str) -> SampleDraft:
    return sample(Picture(text, text.encode(), f"{crc32(text.encode()):064x}"))


def settled(store: GalleryStore, name: str, *texts: str) -> Enrollment:
    return settle(store, name, [Examined(text, face(text), ()) for text in texts], rules())[1]


def codes(result: Enrollment) -> list[str]:
    return [each.code for each in result.refused]


def test_one_face_under_two_names_at_once(mine: Interrupted, others: Interrupted) -> None:
    both = threading.Barrier(2, timeout=60)
    mine.meanwhile = others.meanwhile = both.wait
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(settled, mine, "Anna", "10 a"),
            pool.submit(settled, others, "Bea", "10.4 b"),
        ]
        results = [job.result(60) for job in jobs]
    assert sorted(len(each.samples) for each in results) == [0, 1]
    (first,), (second,) = ([r for r in results if len(r.samples) == stored] for stored in (1, 0))
    assert codes(second) == ["belongs_to_other"]
    assert repr(first.name) in second.refused[0].message
    assert [each.name for each in mine.identities()] == [first.name]


def test_folders_with_the_same_faces_at_once(mine: Interrupted, others: Interrupted, tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=60)
    mine.meanwhile = others.meanwhile = both.wait
    folders = [
        write(tmp_path / who, {f"{who}_{n}": [f"{10 * n + shift} {who}"] for n in range(5)})
        for who, shift in (("Anna", 0), ("Bea", 0.3))
    ]

    def run(store: GalleryStore, folder: Path) -> list[Enrollment]:
        return list(enroll(store, folder))

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(run, (mine, others), folders))
    assert sum(len(each.samples) for results in runs for each in results) == 5
    assert [code for results in runs for each in results for code in codes(each)] == ["belongs_to_other"] * 5
    assert mine.index().samples == 5


def test_somebody_who_is_not_alike_costs_no_second_decision(mine: Interrupted, others: Interrupted) -> None:
    mine.meanwhile = lambda: settled(others, "Bea", "90 b")
    assert len(settled(mine, "Anna", "10 a").samples) == 1
    assert mine.attempts == 1


def test_a_person_enrolled_twice_at_once_is_one(mine: Interrupted, others: Interrupted) -> None:
    mine.meanwhile = lambda: settled(others, "ANNA", "11 b")
    assert len(settled(mine, "Anna", "10 a").samples) == 1
    assert [(each.name, each.samples) for each in mine.identities()] == [("ANNA", 2)]


def test_two_people_of_one_name_at_once(mine: Interrupted, others: Interrupted) -> None:
    mine.meanwhile = lambda: settled(others, "Anna", "90 b")
    assert codes(settled(mine, "Anna", "10 a")) == ["unlike_own_samples"]


def test_the_same_picture_at_once(mine: Interrupted, others: Interrupted) -> None:
    mine.meanwhile = lambda: settled(others, "Bea", "10 a")
    assert codes(settled(mine, "Anna", "10 a")) == ["duplicate_sample"]


def test_somebody_whose_mean_moves_to_the_face(mine: Interrupted, others: Interrupted) -> None:
    others.add("Bea", [face("15 b")])
    mine.meanwhile = lambda: others.add("Bea", [face("5 c")])
    assert codes(settled(mine, "Anna", "10 a")) == ["belongs_to_other"]


def test_the_person_is_removed_meanwhile(mine: Interrupted, others: Interrupted) -> None:
    """As long as Anna was there, the face was nearer to her than to her twin."""
    others.add("Anna", [face("10 a")])
    others.add("Bea", [face("10.9 b")])
    mine.meanwhile = lambda: others.remove("Anna")
    assert codes(settled(mine, "Anna", "10.2 c")) == ["belongs_to_other"]


def test_somebody_else_is_renamed_to_the_name(mine: Interrupted, others: Interrupted) -> None:
    others.add("Bea", [face("90 b")])
    mine.meanwhile = lambda: others.rename("Bea", "Anna")
    assert codes(settled(mine, "Anna", "10 a")) == ["unlike_own_samples"]


def test_a_log_that_does_not_reach_back_means_another_decision(
    mine: Interrupted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changelog, "MOST_ROWS", 1)
    before = Basis(mine.revision(), {}, 0.1)
    for n in range(3):
        mine.add(f"Bea {n}", [face(f"{90 + 10 * n} b")])
    with pytest.raises(DecisionOutdated):
        mine.add("Anna", [face("10 a")], basis=before)
    assert len(settled(mine, "Anna", "10 a").samples) == 1


def test_others_who_are_faster_time_and_again(mine: Interrupted, others: Interrupted) -> None:
    """Each time the person has one more picture."""

    def again() -> None:
        others.add("Anna", [face(f"10 {mine.attempts}")])
        mine.meanwhile = again

    again()
    with pytest.raises(DecisionOutdated):
        settled(mine, "Anna", "10 mine")
    assert mine.attempts == ATTEMPTS
