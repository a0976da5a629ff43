"""``check_people()`` says where to look, by measured thresholds alone."""

import hashlib

import numpy as np
import pytest
from drafts import FINGERPRINT, draft, unit

from facenet_app.domain import Embedding, Finding, OperatingPoint, Quality, Rate, SampleDraft
from facenet_app.errors import GalleryError
from facenet_app.gallery import people_check
from facenet_app.gallery.fresh import keep_fresh
from facenet_app.gallery.store import GalleryStore

STRICT, LOOSE = 0.4, 1.0


def point(threshold: float, fmr: float | None) -> OperatingPoint:
    rate = Rate(1, 1000, 0.0, 0.1)
    return OperatingPoint(threshold, FINGERPRINT, target_fmr=fmr, fmr=rate, fnmr=rate)


POINTS = (point(LOOSE, 1e-2), point(STRICT, 1e-5), point(0.7, 1e-3), point(1.9, None))


def at(degrees: float, axis: int = 1, *, reasons: tuple[str, ...] = ()) -> SampleDraft:
    """A face at an angle from the first axis: the distance of two is 2 sin(half of the difference)."""
    vector = np.zeros(16, np.float32)
    vector[0], vector[axis] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    digest = hashlib.sha256(f"{degrees} {axis}".encode()).hexdigest()
    return SampleDraft(Embedding(vector, FINGERPRINT), None, Quality(40, 3, reasons), digest)


def by_code(found: list[Finding], code: str) -> list[Finding]:
    return [each for each in found if each.code == code]


def codes(found: list[Finding]) -> set[str]:
    return {each.code for each in found}


def test_nothing_to_look_at_where_everybody_is_like_themselves_alone(store: GalleryStore) -> None:
    assert store.check_people(POINTS) == []
    store.add("Anna", [at(0), at(10)])
    store.add("Bea", [at(90), at(100)])
    assert store.check_people(POINTS) == []


def test_one_person_under_two_names(store: GalleryStore) -> None:
    _, anna = store.add("Anna", [at(0), at(20)])
    _, double = store.add("Anna O'Hara", [at(22), at(25)])
    store.add("Bea", [at(90, 2), at(100, 2)])
    (finding,) = store.check_people(POINTS)
    assert finding.code == "same_person"
    assert set(finding.people) == {"Anna", "Anna O'Hara"}
    assert set(finding.sample_ids) == {anna[1].id, double[0].id}
    assert "1 pair in 100,000 is within 0.400" in finding.message
    assert "there are 3 here" in finding.message
    assert "--merge" in finding.suggestion
    assert """'Anna O'"'"'Hara'""" in finding.suggestion  # a shell must take it for one word


def test_the_suggested_command_ends_the_finding(store: GalleryStore) -> None:
    store.add("Anna", [at(0), at(5)])
    store.add("Bea", [at(3), at(8)])
    (finding,) = by_code(store.check_people(POINTS), "same_person")
    store.rename(finding.people[1], finding.people[0], merge=True)
    assert store.check_people(POINTS) == []


def test_only_the_strictest_measured_point_says_that_two_are_the_same(store: GalleryStore) -> None:
    store.add("Anna", [at(0), at(1)])
    store.add("Bea", [at(30), at(31)])  # 0.52 apart
    assert store.check_people(POINTS) == []
    assert codes(store.check_people([point(0.6, 1e-5)])) == {"same_person"}


def test_a_sample_of_somebody_else(store: GalleryStore) -> None:
    _, anna = store.add("Anna", [at(0), at(5), at(80)])
    store.add("Bea", [at(84), at(95)])
    (finding,) = store.check_people(POINTS)
    assert (finding.code, finding.people, finding.sample_ids) == (
        "like_other",
        ("Anna", "Bea"),
        (anna[2].id,),
    )


def test_a_sample_like_nobodys(store: GalleryStore) -> None:
    _, anna = store.add("Anna", [at(0), at(5), at(90, 3)])
    store.add("Bea", [at(84), at(95)])
    (finding,) = store.check_people(POINTS)
    assert (finding.code, finding.people, finding.sample_ids) == ("outlier", ("Anna",), (anna[2].id,))
    assert "0.1 % of pairs" in finding.message


def test_poor_samples_and_people_with_one(store: GalleryStore) -> None:
    _, anna = store.add("Anna", [at(0), at(5, reasons=("too_blurred",))])
    _, bea = store.add("Bea", [at(90)])
    poor, alone = store.check_people(POINTS)
    assert (poor.code, poor.sample_ids) == ("low_quality", (anna[1].id,))
    assert (alone.code, alone.sample_ids) == ("one_sample", (bea[0].id,))


@pytest.mark.parametrize("points", [[], [point(1.0, None)]])
def test_without_a_measured_point_nobody_is_suspected(
    store: GalleryStore, points: list[OperatingPoint]
) -> None:
    store.add("Anna", [at(0), at(1)])
    store.add("Bea", [at(0.5), at(2)])
    assert codes(store.check_people(points)) == {"unmeasured"}


def test_too_many_are_not_compared_and_it_says_so(
    store: GalleryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_check, "MOST_COMPARISONS", 7)
    store.add("Anna", [at(0), at(1)])
    store.add("Bea", [at(0.5)])
    assert codes(store.check_people(POINTS)) == {"same_person", "one_sample"}  # 3 samples, 2 people
    store.add("Bea", [at(2)])
    assert codes(store.check_people(POINTS)) == {"not_compared"}


@pytest.mark.usefixtures("path")  # SQL of the file
def test_damage_is_said_and_not_worked_around(store: GalleryStore) -> None:
    store.add("Anna", [at(0), at(1)])
    with store._database._write_transaction() as connection:
        connection.exec_driver_sql("UPDATE samples SET embedding = x'00'")
    with pytest.raises(GalleryError, match="gallery check"):
        store.check_people(POINTS)


def test_embeddings_that_wait_are_mentioned(store: GalleryStore) -> None:
    store.add("Anna", [draft(1), draft(2)])
    with store._database._write_transaction() as connection:
        keep_fresh(
            connection, "net-b:77", {each.id: unit(1, 8) for each in store.samples(store.get("Anna").id)}
        )
    assert "unfinished_reembedding" in codes(store.check_people(POINTS))
