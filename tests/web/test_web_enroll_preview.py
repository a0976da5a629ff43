"""What the page says of photos before they are enrolled, and enrolling those that the gate refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from facenet_app.service import FaceService
from facenet_app.web.enroll_preview import MOST, preview_photos
from facenet_app.web.handlers import enroll


@pytest.fixture
def service(tmp_path: Path) -> FaceService:
    """With the measured thresholds, which the gate needs."""
    return FaceService.open(gallery=tmp_path / "gallery.db")


@pytest.fixture(scope="module")
def mirrored(astronaut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eileen Collins once more."""
    path = tmp_path_factory.mktemp("pictures") / "mirrored.png"
    with Image.open(astronaut) as picture:
        ImageOps.mirror(picture.convert("RGB")).save(path)
    return path


@pytest.fixture(scope="module")
def small(astronaut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face too small to enroll."""
    path = tmp_path_factory.mktemp("pictures") / "small.png"
    with Image.open(astronaut) as picture:
        picture.convert("RGB").resize((60, 60)).save(path)
    return path


def test_each_photo_is_judged_and_nothing_is_stored(
    service: FaceService, astronaut: Path, small: Path, tmp_path: Path
) -> None:
    wall = tmp_path / "wall.png"
    Image.fromarray(np.full((200, 200, 3), 128, np.uint8)).save(wall)
    html = preview_photos(service, "Eileen Collins", [astronaut, small, wall]).html
    good, poor, empty = html.split("<li>")[1:]
    assert "Good" in good
    assert "<p>" not in good
    assert "Would not be stored" in poor
    assert "come closer or use a larger picture" in poor
    assert "No face was found in wall.png" in empty
    assert html.count("<img") == 2  # of the wall there is none
    assert str(tmp_path) not in html
    assert service.identities() == []
    assert service.gallery.audit().entries == ()


def test_without_a_name_the_photos_themselves_are_judged(
    service: FaceService, astronaut: Path, mirrored: Path, small: Path
) -> None:
    service.enroll("Eileen Collins", [astronaut])
    html = preview_photos(service, " ", [mirrored, small]).html
    good, poor = html.split("<li>")[1:]
    assert "Good" in good
    assert "Could be better" in poor
    assert "come closer" in poor
    assert "With a name, this also says" in html


def test_somebody_who_is_enrolled_already_is_shown_beside_the_photo(
    service: FaceService, astronaut: Path, mirrored: Path
) -> None:
    service.enroll("Eileen Collins", [astronaut])
    html = preview_photos(service, "Somebody Else", [mirrored]).html
    assert "Would not be stored" in html
    assert "this face belongs to &#39;Eileen Collins&#39;" in html.replace("This", "this")
    assert "of different people 1 pair in 100,000 is within" in html
    assert "--gate" not in html  # the page asks whether to enroll it anyway
    assert html.count('class="fa-crop"') == 3  # the photo, and both beside each other
    assert "enrolled already</figcaption>" in html
    own = preview_photos(service, "Eileen Collins", [mirrored, astronaut]).html
    assert "Good" in own
    assert "Stored already" in own


def test_a_name_that_cannot_be_one_is_told_with_the_photos(service: FaceService, astronaut: Path) -> None:
    html = preview_photos(service, "a/b", [astronaut]).html
    assert "Good" in html
    assert "looks like a path" in html


def test_no_photos_and_many(service: FaceService, astronaut: Path) -> None:
    assert preview_photos(service, "Ann", []).html == ""
    html = preview_photos(service, "", [astronaut] * (MOST + 2)).html
    assert html.count("<li>") == MOST
    assert "2 more photos will be looked at when you enroll" in html


def test_what_the_gate_refused_can_be_enrolled_anyway(
    service: FaceService, astronaut: Path, mirrored: Path, tmp_path: Path
) -> None:
    (letter := tmp_path / "letter.png").write_text("no picture")
    service.enroll("Eileen Collins", [astronaut])
    refused = enroll(service, "Her Twin", [mirrored, letter])
    assert not refused.done
    assert "<li>mirrored.png: This face belongs to" in refused.html
    assert "<li>letter.png is in no known image format" in refused.html
    assert "--gate" not in refused.html
    assert refused.files == (mirrored,)
    stored = enroll(service, "Her Twin", list(refused.files), anyway=True)
    assert stored.done
    assert stored.files == ()
    assert [each.action for each in service.gallery.audit().entries] == ["enroll", "enroll_ungated"]
    assert {each.name for each in service.identities()} == {"Eileen Collins", "Her Twin"}
