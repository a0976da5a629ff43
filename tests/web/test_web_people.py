"""The tab Gallery: list, show, rename, merge, remove, undo."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from gradio.context import LocalContext
from made_people import enroll_made

from facenet_app.access.actor import Actor
from facenet_app.access.role import Role
from facenet_app.domain import Consent, expiry_time
from facenet_app.service import FaceService
from facenet_app.web import people
from facenet_app.web.people import (
    Removed,
    ask_merge,
    ask_remove,
    ask_remove_picture,
    list_people,
    remove,
    rename,
    show,
    undo,
    waiting,
)


@pytest.fixture
def filled(service: FaceService) -> FaceService:
    enroll_made(service, "Eileen Collins", 1)
    enroll_made(service, "Grace Hopper", 2)
    return service


@pytest.fixture
def removed() -> Removed:
    return Removed(60, later=lambda *_: None)  # the time never comes


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


def test_a_long_list_comes_by_the_page(filled: FaceService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PEOPLE_SHOWN", 1)
    for start, name in ((0, "Eileen Collins"), (1, "Grace Hopper"), (9, "Grace Hopper")):
        listing = list_people(filled, "", start)
        assert [shown for _, shown in listing.people] == [name]
        assert (listing.start, listing.total) == (min(start, 1), 2)
        assert f"{listing.start + 1} to {listing.start + 1} of 2 people" in listing.html


def test_a_search_in_an_empty_gallery_says_that_it_is_empty(service: FaceService) -> None:
    assert "Nobody is enrolled yet" in list_people(service, "anybody").html


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


def test_many_pictures_come_by_the_page(filled: FaceService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PICTURES_SHOWN", 2)
    enroll_made(filled, "Grace Hopper", 3, 4)
    samples = filled.samples("Grace Hopper")
    first = show(filled, "Grace Hopper")
    assert first.pictures == (("1", samples[0].id), ("2", samples[1].id))
    assert "1 to 2 of 3 pictures" in first.html
    for start in (2, 4):
        last = show(filled, "Grace Hopper", start)
        assert (last.start, last.total, last.pictures) == (2, 3, (("3", samples[2].id),))
        assert 'alt="Grace Hopper, picture 3"' in last.html


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


def test_removing_and_undoing(filled: FaceService, removed: Removed) -> None:
    before = filled.identities()
    asked = ask_remove(filled, "grace hopper")
    assert "Remove Grace Hopper with 1 picture?" in asked.html
    assert asked.name == "Grace Hopper"
    assert len(filled.identities()) == 2
    answer = remove(filled, removed, "Grace Hopper")
    assert "Grace Hopper was removed, with 1 picture." in answer.html
    assert answer.name is None
    assert [each.name for each in filled.identities()] == ["Eileen Collins"]
    again = remove(filled, removed, "Grace Hopper")
    assert not again.done
    assert "Nobody called" in again.html
    assert answer.undo is not None
    undone = undo(filled, removed, answer.undo)
    assert undone.name == "Grace Hopper"
    assert filled.identities() == before
    late = undo(filled, removed, answer.undo)
    assert not late.done
    assert "too late" in late.html


@contextmanager
def as_visitor(who: Actor, session: str = "page") -> Iterator[None]:
    """An event of the page is under way, caused by them."""
    event = SimpleNamespace(request=SimpleNamespace(scope={"state": {"actor": who}}), session_hash=session)
    token = LocalContext.request.set(event)  # type: ignore[arg-type]  # all of it that is looked at
    yield
    LocalContext.request.reset(token)


def local(browser: str) -> Actor:
    return Actor("local", "", "1", Role.ADMIN.scopes, browser=browser)


def user(name: str, request: str) -> Actor:
    return Actor("user", name, request, Role.ADMIN.scopes, Role.ADMIN)


@pytest.mark.parametrize(
    ("first", "later", "same"),
    [
        ((user("ada", "1"), "tab 1"), (user("ada", "2"), "tab 2"), True),
        ((user("ada", "1"), "tab 1"), (user("eve", "2"), "tab 1"), False),
        ((local("red"), "tab 1"), (local("red"), "tab 2"), True),
        ((local("red"), "tab 1"), (local("blue"), "tab 1"), False),
        ((local(""), "tab 1"), (local(""), "tab 1"), True),
        ((local(""), "tab 1"), (local(""), "tab 2"), False),
        ((local("red"), "tab 1"), (user("red", "2"), "tab 1"), False),
    ],
)
def test_what_can_be_put_back_is_offered_to_the_same_visitor_only(
    filled: FaceService, removed: Removed, first: tuple[Actor, str], later: tuple[Actor, str], same: bool
) -> None:
    with as_visitor(*first):
        removal = remove(filled, removed, "Grace Hopper")
        there = waiting(removed)
        assert there is not None
        assert (there.key, there.thing.taken.person.name) == (removal.undo, "Grace Hopper")
    with as_visitor(*later):
        assert waiting(removed) == (there if same else None)
    assert waiting(removed) is None  # outside of the page


def test_one_picture_is_removed_and_put_back(filled: FaceService, removed: Removed) -> None:
    enroll_made(filled, "Grace Hopper", 3)
    first, second = (sample.id for sample in filled.samples("Grace Hopper"))
    asked = ask_remove_picture(filled, first)
    assert "Remove this picture of Grace Hopper?" in asked.html
    assert "data:image/png" in asked.html
    answer = remove(filled, removed, "Grace Hopper", first)
    assert answer.name == "Grace Hopper"
    assert "A picture of Grace Hopper was removed." in answer.html
    assert not ask_remove_picture(filled, first).done
    only = remove(filled, removed, "Grace Hopper", second)
    assert not only.done
    assert "only picture" in only.html
    assert answer.undo is not None
    assert undo(filled, removed, answer.undo).done
    assert filled.identity("Grace Hopper").samples == 2


def test_what_does_not_fit_now_can_be_undone_later(filled: FaceService, removed: Removed) -> None:
    answer = remove(filled, removed, "Grace Hopper")
    assert answer.undo is not None
    enroll_made(filled, "Grace Hopper", 9)
    refused = undo(filled, removed, answer.undo)
    assert not refused.done
    assert "enrolled meanwhile" in refused.html
    filled.rename("Grace Hopper", "Another Grace")
    assert undo(filled, removed, answer.undo).done
    assert len(filled.identities()) == 3


def test_a_read_only_gallery_stays(filled: FaceService, removed: Removed) -> None:
    filled.settings = filled.settings.model_copy(update={"read_only": True})
    answer = remove(filled, removed, "Grace Hopper")
    assert not answer.done
    assert "read-only" in answer.html
    assert len(filled.identities()) == 2


def test_nobody_chosen(filled: FaceService) -> None:
    for answer in (rename(filled, None, "Ann"), ask_remove(filled, None)):
        assert not answer.done
        assert "pick a person from the list first" in answer.html
    assert "pick its number first" in ask_remove_picture(filled, None).html
    assert len(filled.identities()) == 2
