"""What the enrollment gate lets into a gallery. Faces are angles on a circle, thresholds made up."""

from collections.abc import Callable

import numpy as np
import pytest
from drafts import FINGERPRINT, draft

from facenet_app.comparison.rules import Measured
from facenet_app.domain import Embedding, GateMode, OperatingPoint, Quality, Rate, SampleDraft
from facenet_app.errors import NoOperatingPoint, PoorQuality
from facenet_app.gallery.store import GalleryStore
from facenet_app.gate import Gate, Verdict
from facenet_app.settings import load_settings


def point(degrees: float, fmr: float) -> OperatingPoint:
    """A threshold at the distance of this angle."""
    fnmr = Rate(3, 300, 0.001, 0.02)
    return OperatingPoint(2 * np.sin(np.radians(degrees / 2)), FINGERPRINT, fmr, fnmr, fnmr, "made up")


POINTS = (point(10, 1e-5), point(20, 1e-3), point(30, 1e-2))


def face(degrees: float, seed: int | None = None) -> SampleDraft:
    vector = np.zeros(16, np.float32)
    vector[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    other = draft(int(100_000 + 10 * degrees) if seed is None else seed)
    return SampleDraft(Embedding(vector, FINGERPRINT), None, other.quality, other.content_sha256)


def gate(mode: str | GateMode, points: tuple[OperatingPoint, ...] = POINTS, **settings: object) -> Gate:
    return Gate(load_settings(gate=mode, **settings), Measured("net-a", FINGERPRINT, points))


def codes(verdicts: list[Verdict]) -> list[str | None]:
    return [each.error.code if each.error else ("warned" if each.warning else None) for each in verdicts]


Judge = Callable[..., list[str | None]]


@pytest.fixture
def judge(store: GalleryStore) -> Judge:
    def verdicts(mode: str, name: str, *degrees: float) -> list[str | None]:
        return codes(gate(mode).judge(store, name, [face(each) for each in degrees]))

    return verdicts


OTHER, UNLIKE = "belongs_to_other", "unlike_own_samples"


def test_a_face_that_belongs_to_somebody_else(store: GalleryStore, judge: Judge) -> None:
    store.add("Anna", [face(0)])
    assert judge("standard", "Bea", 9, 11, 19) == [OTHER, None, None]
    assert judge("strict", "Bea", 9, 11, 19) == [OTHER, OTHER, OTHER]
    assert judge("strict", "Bea", 21, 31) == [OTHER, None]  # with one comparison, 1e-2 is strict enough
    assert judge("off", "Bea", 0, 9, 180) == [None, None, None]


def test_the_refusal_names_the_other_person_the_rate_and_the_way_out(store: GalleryStore) -> None:
    store.add("Anna", [face(0)])
    (verdict,) = gate("standard").judge(store, "Bea", [face(5)])
    assert str(verdict.error) == (
        "this face belongs to 'Anna' (distance 0.087; of different people 1 pair in 100,000 is within 0.174)"
        "; add it to that person, or enroll it anyway with --gate off (twins and relatives can be this "
        "alike)."
    )


def test_more_pictures_of_a_person_do_not_belong_to_somebody_else(store: GalleryStore, judge: Judge) -> None:
    store.add("Anna", [face(0)])
    assert judge("standard", "ANNA", 2, 5) == [None, None]


def test_a_twin_who_is_enrolled_already_goes_on(store: GalleryStore, judge: Judge) -> None:
    """Let in once with the gate off, more pictures are theirs as long as they are nearer to them."""
    store.add("Anna", [face(0)])
    store.add("Bea", [face(6)])
    assert judge("standard", "Bea", 7, 2) == ["warned", OTHER]
    assert judge("standard", "Anna", -8, 1) == [None, "warned"]
    (verdict,) = gate("standard").judge(store, "Anna", [face(1)])
    assert verdict.warning is not None
    assert verdict.warning.code == "also_like"
    assert verdict.warning.values.keys() == {"name", "distance", "threshold"}


def test_pictures_unlike_the_persons_own(store: GalleryStore, judge: Judge) -> None:
    store.add("Anna", [face(0)])
    assert judge("standard", "Anna", 25, 29, 90) == [None, None, UNLIKE]
    assert judge("strict", "Anna", 25) == [UNLIKE]
    assert judge("standard", "Anna", 29, 58) == [None, None]  # the second is like the first of the new ones
    (verdict,) = gate("standard").judge(store, "Anna", [face(90)])
    assert "nearest distance 1.414; of the same person 1 % of pairs are beyond 0.518" in str(verdict.error)


@pytest.mark.parametrize("first", [True, False])
def test_a_wrong_picture_among_those_of_a_new_person(store: GalleryStore, first: bool) -> None:
    faces = [face(90), face(0), face(1)] if first else [face(0), face(1), face(90)]
    expected = [UNLIKE, None, None] if first else [None, None, UNLIKE]
    assert codes(gate("standard").judge(store, "Anna", faces)) == expected


def test_in_a_large_gallery_a_likeness_may_be_chance(store: GalleryStore) -> None:
    """1,100 comparisons at 1e-5 are more than the 1 in 100 that searches keep: warn; strict refuses."""
    crowd = [face(180 + number / 20, seed=number) for number in range(1099)]
    store.add("Crowd", crowd)
    store.add("Anna", [face(0)])
    (verdict,) = gate("standard").judge(store, "Bea", [face(5)])
    assert verdict.error is None
    assert verdict.warning is not None
    assert "may belong to 'Anna'" in str(verdict.warning)
    assert "among 1,100 enrolled pictures up to 1.1 % of new people" in str(verdict.warning)
    assert verdict.warning.code == "may_belong"
    assert verdict.warning.values["name"] == "Anna"
    assert verdict.warning.values.keys() == {"name", "distance", "threshold", "pictures", "strangers"}
    assert codes(gate("strict").judge(store, "Bea", [face(5)])) == [OTHER]
    assert codes(gate("standard", fmr=0.1).judge(store, "Bea", [face(5)])) == [OTHER]


def test_strict_follows_the_rates_asked_for(store: GalleryStore) -> None:
    store.add("Anna", [face(0)])
    assert codes(gate("strict", fmr=1e-5).judge(store, "Bea", [face(9), face(11)])) == [OTHER, None]
    assert codes(gate("strict", fmr=1e-5).judge(store, "Anna", [face(11)])) == [UNLIKE]


def test_nothing_was_measured(store: GalleryStore) -> None:
    store.add("Anna", [face(0)])
    verdicts = gate("standard", points=()).judge(store, "Bea", [face(0, seed=1), face(90)])
    assert codes(verdicts) == ["warned", None]
    with pytest.raises(NoOperatingPoint):
        gate("strict", points=()).judge(store, "Bea", [face(90)])
    assert codes(gate("off", points=()).judge(store, "Bea", [face(0, seed=1)])) == [None]


def test_poor_pictures() -> None:
    poor = Quality(5.0, 1.0, ("face_too_small", "face_blurred"))
    for mode in ("standard", "strict"):
        with pytest.raises(PoorQuality, match="face_too_small, face_blurred") as refused:
            gate(mode).refuse_poor(poor)
        assert refused.value.reasons == poor.reasons
        gate(mode).refuse_poor(Quality(50.0, 20.0))
    gate("off").refuse_poor(poor)


def test_nothing_to_judge(store: GalleryStore) -> None:
    assert gate("strict").judge(store, "Anna", []) == []
