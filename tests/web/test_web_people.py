"""The tab Gallery: list, show, rename, merge, remove."""

from pathlib import Path

import pytest

from facenet_app.domain import Consent, expiry_time
from facenet_app.service import FaceService
from facenet_app.web import people
from facenet_app.web.people import ask_merge, ask_remove, list_people, remove, rename, show


@pytest.fixture
def filled(service: FaceService, astronaut: Path, hopper: Path) -> FaceService:
    service.enroll("Eileen Collins", [astronaut])
    service.enroll("Grace Hopper", [hopper])
    return service


def test_an_empty_gallery(service: FaceService) -> None:
    listing = list_people(service)
    assert listing.people == ()
    assert "Nobody is enrolled yet" in listing.html


def test_the_list_has_names_numbers_and_dates(filled: FaceService) -> None:
    listing = list_people(filled)
    assert [name for _, name in listing.people] == ["Eileen Collins", "Grace Hopper"]
    since = f"{filled.identity('Grace Hopper').enrolled_at:%Y-%m-%d}"
    assert listing.people[1][0] == f"Grace Hopper  ·  1 picture  ·  since {since}"
    assert "2 people" in listing.html


def test_finding_by_part_of_a_name(filled: FaceService) -> None:
    assert [name for _, name in list_people(filled, " HOP").people] == ["Grace Hopper"]
    assert "Nobody of this name" in list_people(filled, "zzz").html


def test_a_long_list_says_that_it_is_cut(filled: FaceService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "LONGEST_LIST", 1)
    listing = list_people(filled)
    assert len(listing.people) == 1
    assert "The first 1 of 2 people" in listing.html


def test_what_a_person_agreed_to(filled: FaceService) -> None:
    assert "Consent" not in show(filled, "Grace Hopper").html
    filled.gallery.set_consent("Grace Hopper", Consent("form <12>", expiry_time("2199-01-02")))
    answer = show(filled, "Grace Hopper")
    assert "Consent: form &lt;12&gt;. From 2199-01-02 on (UTC) this person is found no more." in answer.html


def test_one_person_with_crops(filled: FaceService) -> None:
    answer = show(filled, "Grace Hopper")
    assert "<h2>Grace Hopper</h2>" in answer.html
    assert answer.html.count("data:image/png;base64,") == 1
    assert 'alt="Grace Hopper, picture 1"' in answer.html
    assert show(filled, None).html == ""


def test_renaming(filled: FaceService) -> None:
    answer = rename(filled, "Grace Hopper", "  Amazing   Grace ")
    assert answer.name == "Amazing Grace"
    assert "Grace Hopper is now called Amazing Grace." in answer.html
    assert [each.name for each in filled.identities()] == ["Amazing Grace", "Eileen Collins"]


def test_only_another_spelling_is_no_merge(filled: FaceService) -> None:
    answer = rename(filled, "Grace Hopper", "grace hopper", merge=True)
    assert "is now called grace hopper" in answer.html


def test_a_taken_name_asks_before_merging(filled: FaceService) -> None:
    answer = rename(filled, "Grace Hopper", "eileen collins")
    assert answer.name_taken
    assert not answer.done
    assert len(filled.identities()) == 2
    question = ask_merge(filled, "Grace Hopper", "eileen collins").html
    assert "Are Grace Hopper and Eileen Collins the same person?" in question
    merged = rename(filled, "Grace Hopper", "eileen collins", merge=True)
    assert merged.name == "Eileen Collins"
    assert "now one person, Eileen Collins, with 2 pictures" in merged.html
    assert [each.samples for each in filled.identities()] == [2]


def test_removing(filled: FaceService) -> None:
    assert "Remove Grace Hopper with 1 picture?" in ask_remove(filled, "Grace Hopper").html
    assert len(filled.identities()) == 2
    assert "Grace Hopper was removed, with 1 picture." in remove(filled, "Grace Hopper").html
    assert [each.name for each in filled.identities()] == ["Eileen Collins"]
    again = remove(filled, "Grace Hopper")
    assert not again.done
    assert "Nobody called" in again.html


def test_nobody_chosen(filled: FaceService) -> None:
    for answer in (rename(filled, None, "Ann"), ask_remove(filled, None), remove(filled, None)):
        assert not answer.done
        assert "pick a person from the list first" in answer.html
    assert len(filled.identities()) == 2
