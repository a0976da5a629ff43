"""Verify, identify and enroll on real faces, as the page shows them."""

import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facenet_app.domain import Decision
from facenet_app.service import FaceService
from facenet_app.web.examples import make_examples
from facenet_app.web.handlers import about, enroll, identify, verify
from facenet_app.web.people import list_people

MARKUP_NAME = "Ann <script>alert(1)<!-- <img src=x onerror=alert(1)> & 'Co'"


def test_two_people_are_different_people(service: FaceService, astronaut: Path, hopper: Path) -> None:
    answer = verify(service, astronaut, hopper)
    assert answer.done
    assert "Different people" in answer.html
    assert "Same person" not in answer.html
    result = service.verify(astronaut, hopper)
    assert f"Distance {result.distance:.3f}, above the threshold of 1.131" in answer.html
    assert f"--at:{50 * result.distance:.2f}%" in answer.html
    assert answer.html.count("data:image/jpeg;base64,") == 2  # both photos
    assert answer.html.count("data:image/png;base64,") == 2  # both crops


def test_the_examples_are_what_their_names_say(service: FaceService, tmp_path: Path) -> None:
    examples = make_examples(tmp_path)
    same, different = service.verify(*examples.same), service.verify(*examples.different)
    assert same.decision is Decision.MATCH
    assert same.distance > 0.3  # not the same picture once more
    assert different.decision is Decision.NON_MATCH
    assert "Same person" in verify(service, *examples.same).html


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_photo_is_asked_for(service: FaceService, astronaut: Path, missing: int) -> None:
    photos = [astronaut, astronaut]
    photos[missing] = None  # type: ignore[call-overload]  # that is the case under test
    answer = verify(service, *photos)
    assert not answer.done
    assert "Two photos are needed; choose one for each side" in answer.html


def test_several_faces_are_told_and_shown(service: FaceService, two_faces: Path, hopper: Path) -> None:
    answer = verify(service, two_faces, hopper)
    assert "Same person" in answer.html
    assert "Probe: 2 faces found" in answer.html


def test_a_poor_picture_goes_to_a_person(tmp_path: Path, astronaut: Path, hopper: Path) -> None:
    service = FaceService.open(gallery=tmp_path / "g.db", threshold=1.131, min_eye_distance=60)
    answer = verify(service, astronaut, hopper)
    assert "Cannot say – a person should look" in answer.html
    assert "come closer" in answer.html


def test_a_wrong_file_is_one_sentence_without_its_folder(
    service: FaceService, astronaut: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "letter <b>.jpg"
    wrong.write_text("Dear reader, this is no picture.")
    for answer in (verify(service, astronaut, wrong), identify(service, wrong)):
        assert not answer.done
        assert "letter &lt;b&gt;.jpg" in answer.html
        assert str(tmp_path) not in answer.html
        assert "Traceback" not in answer.html


def test_an_upload_that_was_deleted_meanwhile_is_to_be_chosen_again(
    service: FaceService, tmp_path: Path, astronaut: Path
) -> None:
    for answer in (
        verify(service, tmp_path / "gone.png", astronaut),
        identify(service, tmp_path / "gone.png"),
    ):
        assert not answer.done
        assert "This photo is no longer here" in answer.html
        assert "path" not in answer.html


def test_a_picture_without_a_face(service: FaceService, tmp_path: Path) -> None:
    gray = tmp_path / "wall.png"
    Image.fromarray(np.full((200, 200, 3), 128, np.uint8)).save(gray)
    assert "No face was found in wall.png" in identify(service, gray).html


def test_an_unforeseen_error_shows_nothing_and_logs_no_message(
    service: FaceService, astronaut: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret of Ann")

    monkeypatch.setattr(service, "identify", fail)
    with caplog.at_level(logging.ERROR):
        answer = identify(service, astronaut)
    assert not answer.done
    assert "Something went wrong in the program itself" in answer.html
    assert "identify failed: RuntimeError" in caplog.text
    assert "Ann" not in answer.html + caplog.text


def test_an_empty_gallery_says_what_to_do(service: FaceService, astronaut: Path) -> None:
    answer = identify(service, astronaut)
    assert "Enroll somebody in the tab “Enroll” first" in answer.html
    assert "1 face found, 0 recognized" in answer.html


def test_who_is_enrolled_is_recognized(service: FaceService, astronaut: Path, two_faces: Path) -> None:
    stored = enroll(service, "Eileen Collins", [astronaut])
    assert stored.done
    assert "Stored 1 picture of Eileen Collins" in stored.html
    answer = identify(service, two_faces)
    assert "2 faces found, 1 recognized" in answer.html
    assert '<td class="fa-name">Eileen Collins</td>' in answer.html
    assert '<td class="fa-name">unknown</td>' in answer.html


def test_the_nearest_people_are_shown_with_their_pictures(
    service: FaceService, astronaut: Path, hopper: Path, two_faces: Path
) -> None:
    enroll(service, "Eileen Collins", [astronaut])
    enroll(service, "Grace Hopper", [hopper])
    html = identify(service, two_faces).html
    rows = html.split('<tr class="fa-candidates">')[1:]
    assert len(rows) == 2
    for row, (first, second) in zip(
        rows, (("Eileen Collins", "Grace Hopper"), ("Grace Hopper", "Eileen Collins")), strict=True
    ):
        people = row.partition("</tr>")[0]
        assert people.count("data:image/png;base64,") == 2
        assert people.index(f'alt="{first}"') < people.index(f'alt="{second}"')


def test_a_face_too_poor_to_decide_comes_with_advice(tmp_path: Path, astronaut: Path) -> None:
    service = FaceService.open(gallery=tmp_path / "g.db", threshold=1.131)
    service.enroll("Eileen Collins", [astronaut])
    strict = FaceService.open(gallery=tmp_path / "g.db", threshold=1.131, min_eye_distance=200)
    html = identify(strict, astronaut).html
    assert "Eileen Collins?" in html
    assert "come closer or use a larger picture" in html


def test_names_are_text_not_markup(service: FaceService, astronaut: Path) -> None:
    for html in (enroll(service, MARKUP_NAME, [astronaut]).html, identify(service, astronaut).html):
        assert "Ann &lt;script&gt;" in html
        assert "<script" not in html
        assert "<img src=x" not in html


def test_refused_pictures_are_listed_with_the_reason(
    service: FaceService, astronaut: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "notes.png"
    wrong.write_text("no picture")
    answer = enroll(service, "Eileen Collins", [wrong, astronaut, astronaut])
    assert answer.done
    assert "Stored 1 picture" in answer.html
    assert "Not stored" in answer.html
    assert "notes.png" in answer.html
    assert "astronaut.png is enrolled already and was not stored twice" in answer.html
    assert str(tmp_path) not in answer.html
    again = enroll(service, "Somebody Else", [astronaut])
    assert not again.done
    assert "Nothing was stored" in again.html
    assert "this very picture is enrolled as" in again.html.lower()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("  ", "A name cannot be empty"), ("a/b", "looks like a path"), ("x" * 300, "characters at most")],
)
def test_wrong_names(service: FaceService, astronaut: Path, name: str, sentence: str) -> None:
    answer = enroll(service, name, [astronaut])
    assert not answer.done
    assert sentence in answer.html


def test_enrolling_without_a_photo(service: FaceService) -> None:
    assert "No photo was given" in enroll(service, "Ann", []).html


def test_the_bottom_line(service: FaceService) -> None:
    html = about(service)
    engine = service.extractor.embedder.engine
    assert "<b>sface</b>" in html
    assert f"{engine.name} ({engine.device})" in html
    assert "threshold 1.131, set by hand" in html
    assert "No liveness check: a photo of a photo passes" in html
    assert "<summary>Responsible use</summary><ul><li>Compare and enroll only people who agreed" in html


def test_without_a_measured_threshold_people_can_be_enrolled_all_the_same(
    tmp_path: Path, unmeasured, astronaut: Path, hopper: Path
) -> None:
    service = FaceService.open(gallery=tmp_path / "gallery.db", **unmeasured)
    missing = "o threshold was measured for model unmeasured"
    assert missing in about(service)
    assert "No liveness check" in about(service)
    assert enroll(service, "Eileen Collins", [astronaut]).done
    assert list_people(service).people[0][1] == "Eileen Collins"
    for answer in (verify(service, astronaut, hopper), identify(service, astronaut)):
        assert not answer.done
        assert missing in answer.html
        assert "facenet-app calibrate" in answer.html
    service.gallery.close()


@pytest.mark.lfw
def test_people_of_lfw(service: FaceService, lfw: Path) -> None:
    def photo(name: str, number: int) -> Path:
        return lfw / name / f"{name}_{number:04}.jpg"

    serena = [photo("Serena_Williams", number) for number in (1, 2, 3)]
    assert enroll(service, "Serena Williams", serena).done
    known = identify(service, photo("Serena_Williams", 4))
    assert '<td class="fa-name">Serena Williams</td>' in known.html
    stranger = identify(service, photo("Vladimir_Putin", 1))
    assert "0 recognized" in stranger.html
    assert "Same person" in verify(service, serena[0], photo("Serena_Williams", 5)).html
    assert "Different people" in verify(service, serena[0], photo("Vladimir_Putin", 1)).html


def test_another_face_can_be_chosen(
    service: FaceService, two_faces: Path, astronaut: Path, hopper: Path
) -> None:
    left = verify(service, two_faces, astronaut, None, (1, None))
    assert left.faces == ((1, 2), (1, 1))
    assert "Same person" in left.html
    right = verify(service, two_faces, astronaut, None, (2, None))
    assert right.faces == ((2, 2), (1, 1))
    assert "Different people" in right.html
    assert verify(service, hopper, two_faces, None, (None, 2)).faces == ((1, 1), (2, 2))
    nobody = verify(service, two_faces, astronaut, None, (3, None))
    assert not nobody.done
    assert "Face 3 was asked for" in nobody.html


def test_what_was_agreed_to_is_kept(service: FaceService, hopper: Path) -> None:
    assert enroll(service, "Grace Hopper", [hopper], (" form 12 ", "2999-01-02")).done
    person = service.identity("Grace Hopper")
    assert person.consent == "form 12"
    assert person.expires_at is not None
    assert f"{person.expires_at:%Y-%m-%d}" == "2999-01-02"


@pytest.mark.parametrize("until", ["soon", "2001-01-01"])
def test_an_end_that_is_none_stores_nobody(service: FaceService, hopper: Path, until: str) -> None:
    answer = enroll(service, "Grace Hopper", [hopper], ("", until))
    assert not answer.done
    assert service.identities() == []
