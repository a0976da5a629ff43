"""The doctor for labelled pictures finds what is wrong, and nothing else."""

import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from facenet_app.dataset.check import CheckResult, check
from facenet_app.dataset.check_report import write_check_report
from facenet_app.dataset.findings import Flag
from facenet_app.dataset.listing import Listing, list_folders
from facenet_app.errors import UsageError
from facenet_app.service import FaceService


def jpeg(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture(scope="module")
def collins(astronaut: Path) -> Image.Image:
    with Image.open(astronaut) as opened:
        return opened.convert("RGB")


@pytest.fixture(scope="module")
def grace(hopper: Path) -> Image.Image:
    with Image.open(hopper) as opened:
        return opened.convert("RGB")


@pytest.fixture(scope="module")
def ill(collins: Image.Image, grace: Image.Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of everything that can be wrong."""
    root = tmp_path_factory.mktemp("ill") / "people"
    for name in ("Collins", "Hopper", "Twin", "Wall"):
        (root / name).mkdir(parents=True)
    collins.save(root / "Collins" / "1.png")
    collins.save(root / "Collins" / "again.webp", lossless=True)  # the same pixels in another file
    (root / "Collins" / "half.jpg").write_bytes(jpeg(collins.resize((300, 300)), 70))  # the same photo
    (root / "Collins" / "cut.jpg").write_bytes(jpeg(collins, 90)[:9000])
    grace.save(root / "Hopper" / "1.png")
    shutil.copy(root / "Hopper" / "1.png", root / "Twin" / "other.png")  # the same file for somebody else
    exif = Image.Exif()
    exif[0x0112] = 6
    grace.transpose(Image.Transpose.ROTATE_90).save(root / "Hopper" / "camera.jpg", exif=exif, quality=95)
    grace.transpose(Image.Transpose.ROTATE_180).save(root / "Hopper" / "head.png")
    grace.transpose(Image.Transpose.ROTATE_90).save(root / "Hopper" / "side.png")
    both = Image.new("RGB", (1024, 600), "gray")
    both.paste(collins, (0, 0))
    both.paste(grace.resize((128, 150)), (880, 440))
    both.save(root / "Collins" / "both.png")
    tiny = Image.new("RGB", (256, 256), (120, 130, 120))
    tiny.paste(grace.resize((60, 70)), (90, 90))
    tiny.save(root / "Hopper" / "tiny.png")
    grace.filter(ImageFilter.GaussianBlur(9)).save(root / "Hopper" / "soft.png")
    Image.new("RGB", (200, 200), "gray").save(root / "Wall" / "1.png")
    return root


@pytest.fixture(scope="module")
def result(ill: Path, verifier: FaceService) -> CheckResult:
    return check(verifier.extractor, list_folders(ill))


def test_pictures_that_cannot_be_used(result: CheckResult) -> None:
    findings = result.findings
    assert findings.unreadable == (Flag("Collins/cut.jpg", "truncated_image"),)
    assert findings.no_face == (Flag("Wall/1.png", ""),)
    assert findings.several_faces == (Flag("Collins/both.png", "2 faces"),)
    assert [flag.path for flag in findings.too_small] == ["Hopper/tiny.png"]
    assert re.fullmatch(r"\d+ pixels between the eyes", findings.too_small[0].detail)
    assert "Hopper/soft.png" in [flag.path for flag in findings.poor_quality]
    assert findings.single_image == ("Twin", "Wall")
    assert (result.faces, len(result.listing)) == (10, 13)


def test_turned_pictures(result: CheckResult) -> None:
    assert {flag.path: flag.detail for flag in result.findings.rotated} == {
        "Hopper/camera.jpg": "turned by its EXIF block",
        "Hopper/head.png": "the face is upright after 180 degrees counterclockwise",
        "Hopper/side.png": "the face is upright after 270 degrees counterclockwise",
    }


def test_copies(result: CheckResult) -> None:
    of_two, of_one = result.findings.duplicates
    assert of_two.paths == ("Hopper/1.png", "Twin/other.png")
    assert (of_two.people, of_two.identical) == (("Hopper", "Twin"), True)
    assert of_one.paths == ("Collins/1.png", "Collins/again.webp")
    assert (of_one.people, of_one.identical) == (("Collins",), False)
    near = {frozenset((pair.first, pair.second)): pair for pair in result.findings.near_duplicates}
    assert near[frozenset(("Collins/1.png", "Collins/half.jpg"))].same_person
    assert not near[frozenset(("Hopper/camera.jpg", "Twin/other.png"))].same_person
    order = [pair.same_person for pair in result.findings.near_duplicates]
    assert order == sorted(order), "those of two people come first"
    assert not any(
        {path.partition("/")[0] for path in (pair.first, pair.second)} == {"Collins", "Hopper"}
        for pair in result.findings.near_duplicates
    )


def test_a_document_for_programs(result: CheckResult) -> None:
    document = json.loads(json.dumps(result.to_dict()))
    assert (document["images"], document["people"], document["leakage"]) == (13, 4, None)
    assert set(document["counts"]) == set(document["findings"])
    for name, count in document["counts"].items():
        assert len(document["findings"][name]) == count


def test_what_two_folders_share(
    ill: Path, collins: Image.Image, grace: Image.Image, verifier: FaceService, tmp_path: Path
) -> None:
    other = tmp_path / "test"
    for name in ("Somebody", "Wall"):
        (other / name).mkdir(parents=True)
    (other / "Somebody" / "dark.jpg").write_bytes(jpeg(ImageEnhance.Brightness(collins).enhance(0.8), 85))
    shutil.copy(ill / "Wall" / "1.png", other / "Wall" / "grey.png")
    seen: list[tuple[int, int]] = []
    found = check(
        verifier.extractor, list_folders(ill), list_folders(other), lambda *done: seen.append(done)
    ).leakage
    assert found is not None
    assert found.people == ("Wall",)
    assert ("Wall/1.png", "Wall/grey.png", 0.0) in [(p.first, p.second, p.distance) for p in found.pictures]
    assert ("Collins/1.png", "Somebody/dark.jpg") in [(p.first, p.second) for p in found.pictures]
    assert all(pair.first.startswith(("Collins", "Wall")) for pair in found.pictures)
    assert seen == [(done, 15) for done in range(1, 16)]

    (other / "Somebody" / "dark.jpg").unlink()
    grace.crop((100, 20, 400, 340)).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(
        other / "Somebody" / "x.png"
    )
    (other / "Wall").rename(other / "Ceiling")
    Image.new("RGB", (90, 90), "white").save(other / "Ceiling" / "grey.png")
    ours = Listing(ill, ("Collins/1.png",), np.array([0]), ("Collins",))
    clean = check(verifier.extractor, ours, list_folders(other)).leakage
    assert clean is not None
    assert (clean.people, clean.pictures) == ((), ())


def test_the_page_shows_what_is_in_doubt(
    result: CheckResult, ill: Path, verifier: FaceService, tmp_path: Path
) -> None:
    with_leak = check(verifier.extractor, list_folders(ill), list_folders(ill))
    page = write_check_report(with_leak, verifier.extractor, tmp_path / "report")
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/jpeg;base64,") > 20
    assert not re.search(r"(src|href)=\"(?!data:)", text), "it loads nothing"
    for words in ("Turned pictures", "of 2 people", "Probably the same photo", "People with one picture"):
        assert words in text
    kept = json.loads((tmp_path / "report" / "check.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(with_leak.to_dict()))
    assert kept["counts"]["shared_pictures"] >= 11
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="the report cannot be written to"):
        write_check_report(result, verifier.extractor, tmp_path / "file")


def test_names_are_text_in_the_page(collins: Image.Image, verifier: FaceService, tmp_path: Path) -> None:
    person = tmp_path / "people" / "<script>alert(1)</script>".replace("/", "")
    person.mkdir(parents=True)
    collins.save(person / "<b>.png")
    collins.save(person / "2.png")
    page = write_check_report(
        check(verifier.extractor, list_folders(tmp_path / "people")), verifier.extractor, tmp_path / "report"
    )
    text = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;.png" in text
    assert "<b>.png" not in text


def test_a_folder_without_any_face(verifier: FaceService, tmp_path: Path) -> None:
    (tmp_path / "walls").mkdir()
    for number, shade in enumerate(("gray", "white", "gray")):
        Image.new("RGB", (64, 64), shade).save(tmp_path / "walls" / f"{number}.png")
    result = check(verifier.extractor, list_folders(tmp_path))
    assert result.faces == 0
    assert result.findings.counts()["no_face"] == 3
    assert [group.paths for group in result.findings.duplicates] == [("walls/0.png", "walls/2.png")]


@pytest.mark.lfw
def test_a_swapped_label_is_found(lfw: Path, verifier: FaceService, tmp_path: Path) -> None:
    """Twelve people with four pictures each; one picture is put into the wrong folder."""
    folders = [folder for folder in sorted(lfw.iterdir()) if len(list(folder.iterdir())) >= 4][5:17]
    for folder in folders:
        shutil.copytree(folder, tmp_path / folder.name, ignore=lambda _, names: sorted(names)[4:])
    before = check(verifier.extractor, list_folders(tmp_path)).findings
    wrong, right = folders[3].name, folders[8].name
    moved = next(iter(sorted((tmp_path / right).iterdir())))
    moved.rename(tmp_path / wrong / "moved.jpg")
    after = check(verifier.extractor, list_folders(tmp_path)).findings
    assert before.label_doubts == ()
    (doubt,) = after.label_doubts
    assert (doubt.path, doubt.person, doubt.other_person) == (f"{wrong}/moved.jpg", wrong, right)
    assert doubt.other_distance < doubt.own_distance
