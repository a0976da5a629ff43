"""Photos as telephones make them: 12 megapixels, turned by a note in the file."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from watching import Watched, heading

pytestmark = pytest.mark.browser

ORIENTATION = 274
TURNED = 6
"""EXIF: the file shows the picture turned by 90° to the left."""


@pytest.fixture
def large(hopper: Path, tmp_path: Path) -> Path:
    """Grace Hopper, 3024 x 4032, lying on her side in the file."""
    path = tmp_path / "IMG_0001.jpg"
    with Image.open(hopper) as picture:
        upright = picture.convert("RGB").crop((31, 0, 481, 600)).resize((3024, 4032))
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED
    upright.transpose(Image.Transpose.ROTATE_90).save(path, quality=90, exif=exif)
    return path


def test_a_large_turned_photo_is_compared_upright(watched: Watched, large: Path, hopper: Path) -> None:
    watched.upload("probe", large)
    watched.upload("reference", hopper)
    watched.press("Compare")
    heading(watched, "Same person")
    shown = watched.page.locator("#verify-result").get_by_role("img", name="Probe photo")
    expect(shown).to_be_visible()
    # Sent back upright, and no larger than a screen needs.
    assert shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [720, 960]
    assert shown.evaluate("image => image.src.length") < 400_000


def test_a_large_photo_is_searched_and_enrolled(watched: Watched, large: Path) -> None:
    watched.tab("Identify")
    watched.upload("identify-photo", large)
    watched.press("Identify")
    heading(watched, "1 face found")
    watched.tab("Enroll")
    watched.upload("enroll-files", large)
    expect(watched.page.locator("#enroll-preview")).to_contain_text("Good IMG_0001.jpg", timeout=20_000)
