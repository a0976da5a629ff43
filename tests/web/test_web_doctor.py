"""The tab Gallery: what is wrong with the gallery, and mending it."""

from pathlib import Path

import numpy as np
import pytest
from made_people import draft, enroll_made

from facenet_app.domain import Finding
from facenet_app.service import FaceService
from facenet_app.web import doctor
from facenet_app.web.doctor import examine, finding_line, mergers, reembedding, show_finding, without


@pytest.fixture
def twice(service: FaceService) -> FaceService:
    """Two people who are one, and one picture that is somebody else's."""
    enroll_made(service, "Ann", 1, 2, near=100)
    enroll_made(service, "Anne", 3, 4, near=100)
    enroll_made(service, "Bea", 5, 6, 10, 11, near=200)
    enroll_made(service, "Bea", 7, near=300)
    enroll_made(service, "Cleo", 8, 9, near=300)
    return service


def found(service: FaceService, code: str) -> Finding:
    (finding,) = (each for each in examine(service).findings if each.code == code)
    return finding


def test_a_gallery_in_order(service: FaceService) -> None:
    enroll_made(service, "Ann", 1, 2, near=100)
    answer = examine(service)
    assert answer.findings == ()
    assert "Nothing is wrong" in answer.html


def test_an_empty_gallery(service: FaceService) -> None:
    _ = service.gallery
    assert "Nothing is wrong" in examine(service).html


def test_one_person_twice_is_made_one(twice: FaceService) -> None:
    finding = found(twice, "same_person")
    first, second = finding.people
    assert sorted(finding.people) == ["Ann", "Anne"]
    assert finding_line(finding) == f"One person twice?: {first}, {second}"
    shown = show_finding(twice, finding)
    assert shown.html.count("data:image/png") == 2
    assert shown.pictures == ()
    assert "choose the name that stays" in shown.html
    assert "facenet-app" not in shown.html
    choices = dict(mergers(twice, finding))
    assert choices.keys() == {"Both are Ann…", "Both are Anne…"}
    question = choices["Both are Anne…"]
    assert f"Make {first} and {second} one person called Anne?" in question.html
    assert len(twice.identities()) == 4
    assert "now one person, Anne, with 4 pictures" in question.do(None).html
    assert [each.name for each in twice.identities()] == ["Anne", "Bea", "Cleo"]
    assert reembedding(twice, finding) is None


def test_a_picture_of_somebody_else_is_shown_with_its_id(twice: FaceService) -> None:
    finding = found(twice, "like_other")
    (wrong,) = (
        each.id for each in twice.samples("Bea") if each.content_sha256 == draft(twice, 7).content_sha256
    )
    shown = show_finding(twice, finding)
    assert shown.pictures == (("1", wrong),)
    assert 'alt="Bea, picture 1"' in shown.html
    assert list(mergers(twice, finding)) == []
    twice.take_out("Bea", wrong)
    assert show_finding(twice, finding).pictures == ()


def test_many_pictures_are_cut(service: FaceService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MOST_FACES", 2)
    enroll_made(service, "Ann", 1, 2, 3)
    poor = Finding("low_quality", "3 are poor", "more", tuple(each.id for each in service.samples("Ann")))
    shown = show_finding(service, poor)
    assert [number for number, _ in shown.pictures] == ["1", "2"]
    assert "… and 1 more." in shown.html
    assert finding_line(poor) == "Poor pictures: 3 pictures"


def test_a_long_list_is_cut(twice: FaceService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MOST_FINDINGS", 1)
    answer = examine(twice)
    assert len(answer.findings) == 1
    assert "The first 1 of 2 things" in answer.html


def test_another_models_gallery_is_embedded_anew(service: FaceService, astronaut: Path) -> None:
    service.enroll("Eileen Collins", [astronaut])

    def other(crops: list[object]) -> np.ndarray:
        return np.eye(8, dtype=np.float32)[: len(crops)]

    service.gallery.reembed("net-b", "net-b:1", other)
    service.close()
    finding = found(service, "model_mismatch")
    assert "Embed all pictures anew" in show_finding(service, finding).html
    question = reembedding(service, finding)
    assert question is not None
    told: list[tuple[int, int]] = []
    answer = question.do(lambda *each: told.append(each))
    assert "1 picture embedded anew." in answer.html
    assert told[-1] == (1, 1)
    assert [each.code for each in examine(service).findings if each.code == "model_mismatch"] == []
    assert service.identity("Eileen Collins").samples == 1


def test_what_is_left_once_something_is_mended() -> None:
    about_two = Finding("same_person", "…", "", ("a", "b"), ("Ann", "Bea"))
    about_many = Finding("low_quality", "…", "", ("c", "d"))
    both = (about_two, about_many)
    assert without(both, about_two) == (about_many,)
    assert without(both, about_two, "a") == (about_many,)
    (_, fewer) = without(both, about_many, "c")
    assert fewer.sample_ids == ("d",)
    assert without((fewer,), fewer, "d") == ()


def test_a_finding_without_words_of_its_own_is_shown_as_it_is(service: FaceService) -> None:
    unknown = Finding("new_code", "something <new>", "run `facenet-app doctor`")
    assert finding_line(unknown) == "new_code"
    shown = show_finding(service, unknown)
    assert "Something &lt;new&gt;." in shown.html
    assert "Run `facenet-app doctor`." in shown.html
    assert not show_finding(service, None).done
