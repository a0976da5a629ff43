"""Many people from one ZIP file: who is stored, who is not, and what is said of it."""

import zipfile
from pathlib import Path

import pytest

from facenet_app.service import FaceService
from facenet_app.web import enroll_zip as module
from facenet_app.web.enroll_zip import enroll_zip


@pytest.fixture
def people(astronaut: Path, hopper: Path, two_faces: Path, tmp_path: Path) -> Path:
    path = tmp_path / "people.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(astronaut, "staff/Eileen_Collins/1.png")
        archive.write(hopper, "staff/Grace Hopper/1.jpg")
        archive.write(two_faces, "staff/Grace Hopper/2.png")
        archive.writestr("staff/Grace Hopper/broken <b>.jpg", b"no picture")
        archive.write(hopper, f"staff/{'x' * 150}{'y' * 150}/1.jpg")
    return path


def test_people_and_pictures(service: FaceService, people: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    answer = enroll_zip(service, people, lambda *done: told.append(done))
    assert answer.done
    assert told == [(1, 5), (4, 5), (5, 5)]
    assert {each.name: each.samples for each in service.identities()} == {
        "Eileen Collins": 1,
        "Grace Hopper": 2,
    }
    assert "Stored 3 pictures of 2 people" in answer.html
    assert "Not stored: 2" in answer.html
    assert answer.html.count("staff/Grace Hopper/broken &lt;b&gt;.jpg") == 1
    assert str(tmp_path) not in answer.html
    assert "<b>" not in answer.html
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_the_same_file_once_more(service: FaceService, people: Path) -> None:
    enroll_zip(service, people)
    answer = enroll_zip(service, people)
    assert not answer.done
    assert "Nothing was stored" in answer.html
    assert "3 pictures were enrolled before" in answer.html
    assert sum(each.samples for each in service.identities()) == 3


def test_a_long_list_of_refusals_is_cut(
    service: FaceService, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_LIST", 1)
    answer = enroll_zip(service, people)
    assert answer.html.count("<li>") == 1
    assert "… and 1 more." in answer.html


def test_nothing_given_and_no_zip(service: FaceService, hopper: Path) -> None:
    assert "A ZIP file is needed" in enroll_zip(service, None).html
    assert "no ZIP file that can be read" in enroll_zip(service, hopper).html
