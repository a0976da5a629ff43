"""A video on the page, without a browser: progress, timeline, files, and what is left when it is stopped."""

import json
from pathlib import Path
from shutil import copyfile

import pytest

from facenet_app.service import FaceService
from facenet_app.web.video import NAMES, identify_in_video


@pytest.fixture
def upload(two_people_video: Path, tmp_path: Path) -> Path:
    (folder := tmp_path / "uploads").mkdir()
    return Path(copyfile(two_people_video, folder / "visit.mp4"))


def test_progress_and_then_the_timeline(service: FaceService, upload: Path, hopper: Path) -> None:
    service.enroll("Grace <b> Hopper", [hopper])
    *steps, last = identify_in_video(service, upload, 2)
    said = [step.html for step in steps]
    assert [words for words in said if "Looking for faces: 3 of 6 seconds" in words]
    assert [words for words in said if "Writing the annotated video: 3 of 6 seconds" in words]
    assert all("<progress" in words for words in said)
    assert not any(step.files for step in steps)
    assert "<h2>Grace &lt;b&gt; Hopper</h2>" in last.html
    assert "0:02.0 – 0:04.5" in last.html
    assert "12 pictures of 5.5 seconds of video" in last.html
    assert last.html.count("fa-span") == 2
    assert [path.name for path in last.files] == list(NAMES)
    document = json.loads(last.files[2].read_text(encoding="utf-8"))
    assert [each["name"] for each in document["appearances"]] == [None, "Grace <b> Hopper"]
    assert (
        last.files[1].read_text(encoding="utf-8").splitlines()[2].startswith("Grace <b> Hopper,2.000,4.500")
    )


def test_an_empty_gallery_says_so(service: FaceService, upload: Path) -> None:
    *_, last = identify_in_video(service, upload, 2)
    assert "Nobody was recognized" in last.html
    assert "Enroll somebody in the tab “Enroll” first" in last.html


@pytest.mark.parametrize("steps", [1, 8])
def test_stopping_leaves_the_upload_alone(service: FaceService, upload: Path, steps: int) -> None:
    answers = identify_in_video(service, upload, 2)
    for _ in range(steps):
        next(answers)
    assert len(list(upload.parent.iterdir())) == 2
    answers.close()
    assert list(upload.parent.iterdir()) == [upload]


def test_a_file_that_is_none_is_a_sentence(service: FaceService, tmp_path: Path) -> None:
    (wrong := tmp_path / "letter.mp4").write_text("Dear reader, this is no video.")
    (answer,) = identify_in_video(service, wrong)
    assert not answer.done
    assert "letter.mp4 is no video of a format that is accepted" in answer.html
    assert str(tmp_path) not in answer.html
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []
    (nothing,) = identify_in_video(service, None)
    assert "A video is needed" in nothing.html
