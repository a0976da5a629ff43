"""The live camera: who is named, when, and for how long."""

from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest
from gradio.data_classes import ImageData
from numpy.typing import NDArray

from facenet_app.imaging.decode import ImageLimits, decode
from facenet_app.service import FaceService
from facenet_app.video.agreement import AGREE, OF, Seen
from facenet_app.web.live import watch
from facenet_app.web.live_panel import as_sent

LIMITS = ImageLimits(max_bytes=10_000_000, max_pixels=10_000_000)


@pytest.fixture
def filled(service: FaceService, hopper: Path) -> FaceService:
    service.enroll("Grace Hopper", [hopper])
    return service


@pytest.fixture(scope="module")
def grace(hopper: Path) -> NDArray[np.uint8]:
    return decode(hopper, LIMITS)


def test_a_name_is_shown_when_several_pictures_agree(filled: FaceService, grace: NDArray[np.uint8]) -> None:
    seen = Seen()
    for picture in range(1, AGREE + 2):
        answer = watch(filled, grace, seen)
        assert answer.done
        assert ("Grace Hopper" in answer.html) == (picture >= AGREE)
        assert ("looking" in answer.html) == (picture < AGREE)
        seen = seen.after(answer.matched)


def test_a_single_wrong_picture_names_nobody(
    filled: FaceService, grace: NDArray[np.uint8], astronaut: Path
) -> None:
    stranger = decode(astronaut, LIMITS)
    seen = Seen()
    for pixels in (stranger, grace, stranger, stranger, grace, stranger):
        answer = watch(filled, pixels, seen)
        assert "Grace Hopper" not in answer.html
        seen = seen.after(answer.matched)


def test_a_name_goes_when_its_person_goes(filled: FaceService, grace: NDArray[np.uint8]) -> None:
    blank = np.full((240, 320, 3), 127, np.uint8)
    seen = Seen()
    for _ in range(AGREE):
        seen = seen.after(watch(filled, grace, seen).matched)
    assert seen.agreed
    for _ in range(OF - AGREE + 1):
        answer = watch(filled, blank, seen)
        assert "Nobody is before the camera" in answer.html
        assert answer.done
        seen = seen.after(answer.matched)
    assert not seen.agreed


def test_an_empty_gallery_says_so(service: FaceService, grace: NDArray[np.uint8]) -> None:
    answer = watch(service, grace, Seen())
    assert "Nobody is enrolled yet" in answer.html
    assert "unknown" in answer.html


def test_an_error_is_a_sentence(tmp_path: Path, grace: NDArray[np.uint8]) -> None:
    (broken := tmp_path / "gallery.db").write_bytes(b"no gallery at all, but long enough to be one" * 20)
    answer = watch(FaceService.open(gallery=broken), grace, Seen())
    assert not answer.done
    assert 'role="alert"' in answer.html


def test_what_a_camera_sends_reaches_only_our_own_decoder(filled: FaceService, hopper: Path) -> None:
    """With its limits; Gradio's decodes whatever Pillow knows before anybody can refuse it."""
    told = f"data:image/jpeg;base64,{b64encode(hopper.read_bytes()).decode()}"
    for sent in (as_sent(ImageData(path=str(hopper))), as_sent(ImageData(url=told))):
        assert isinstance(sent, Path | bytes)
        assert watch(filled, sent, Seen()).done
    assert as_sent(None) is None
    gif = as_sent(ImageData(url=f"data:image/gif;base64,{b64encode(b'GIF89a' + bytes(40)).decode()}"))
    assert isinstance(gif, bytes)
    assert not watch(filled, gif, Seen()).done
