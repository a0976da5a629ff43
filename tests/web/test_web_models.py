"""The tab Models: what is in use, the cards, and measuring on one's own pictures."""

import zipfile
from pathlib import Path

import pytest

from facenet_app.service import FaceService
from facenet_app.web.models import card, in_use, measure, model_choices, use_points
from facenet_app.web.rates import verification_rates


@pytest.fixture
def calibrated_elsewhere(tmp_path: Path) -> FaceService:
    """A service of the default thresholds that keeps its own points in a folder of its own."""
    return FaceService.open(gallery=tmp_path / "gallery.db", calibration=tmp_path / "points")


def zipped(path: Path, people: dict[str, list[Path]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, pictures in people.items():
            for number, picture in enumerate(pictures):
                archive.write(picture, f"people/{name}/{number}{picture.suffix}")
    return path


def test_every_threshold_in_use_is_shown_with_its_interval(verifier: FaceService) -> None:
    shown = in_use(verifier)
    assert "sface: 128 numbers a face, computed by openvino on cpu" in shown
    assert len(verifier.measured.points) >= 4
    for point in verifier.measured.points:
        assert f"{point.threshold:.4f}" in shown
        assert point.fmr is not None
        assert f"{100 * point.fmr.low:.2g} to {100 * point.fmr.high:.2g}" in shown
    assert shown.count("default") == 1


def test_a_model_without_thresholds_says_so(unmeasured: dict[str, object], tmp_path: Path) -> None:
    service = FaceService.open(gallery=tmp_path / "gallery.db", **unmeasured)
    assert "No threshold was measured for this model yet" in in_use(service)


def test_the_models_and_their_cards(verifier: FaceService) -> None:
    labels = {name: label for label, name in model_choices(verifier)}
    assert set(labels) >= {"sface", "facenet-vggface2", "facenet-casia"}
    assert [name for name, label in labels.items() if "in use" in label] == ["sface"]
    words = card(verifier, "sface").markdown
    assert "Where it goes wrong" in words
    assert "explained in\ndocs/thresholds.md" in words  # no link: the page does not serve that file
    assert "](" not in words
    unknown = card(verifier, "nonsense")
    assert not unknown.done
    assert "nonsense" in unknown.html


def test_nothing_given_and_nothing_measured(verifier: FaceService) -> None:
    assert "A ZIP file is needed" in measure(verifier, None).html
    assert "There is nothing to use yet" in use_points(verifier, ()).html


def test_too_few_people_are_measured_but_give_no_threshold(
    calibrated_elsewhere: FaceService, astronaut: Path, hopper: Path, two_faces: Path, tmp_path: Path
) -> None:
    archive = zipped(tmp_path / "few.zip", {"Eileen": [astronaut, two_faces], "Grace": [hopper]})
    answer = measure(calibrated_elsewhere, archive)
    assert answer.done
    assert answer.points == ()
    assert "3 pictures of 2 people" in answer.html
    assert "Insufficient data" in answer.html
    assert answer.html.count("<svg ") == 3
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".db") == ["few.zip"]


def test_a_picture_without_a_face_is_counted(
    calibrated_elsewhere: FaceService, astronaut: Path, hopper: Path, two_faces: Path, tmp_path: Path
) -> None:
    (blank := tmp_path / "blank.bmp").write_bytes(b"BM")
    archive = zipped(tmp_path / "few.zip", {"Eileen": [astronaut, two_faces], "Grace": [hopper, blank]})
    assert "no face in 1" in measure(calibrated_elsewhere, archive).html


@pytest.mark.lfw
def test_measured_thresholds_are_used_at_once_and_after_the_next_start(
    calibrated_elsewhere: FaceService, lfw: Path, tmp_path: Path
) -> None:
    folders = [folder for folder in sorted(lfw.iterdir()) if 4 <= len(list(folder.iterdir())) <= 6][:16]
    people = {f"{number}": sorted(folder.iterdir())[:4] for number, folder in enumerate(folders)}
    told: list[int] = []
    before = calibrated_elsewhere.measured.points
    answer = measure(
        calibrated_elsewhere, zipped(tmp_path / "p.zip", people), lambda done, _: told.append(done)
    )
    assert told == list(range(1, 65))
    assert [point.target_fmr for point in answer.points] == [1e-2]
    assert calibrated_elsewhere.measured.points == before
    kept = use_points(calibrated_elsewhere, answer.points)
    assert "used from now on" in kept.html
    assert answer.points[0] in calibrated_elsewhere.measured.points
    assert f"{answer.points[0].threshold:.4f}" in in_use(calibrated_elsewhere)
    assert verification_rates(calibrated_elsewhere).any
    again = FaceService.open(gallery=tmp_path / "gallery.db", calibration=tmp_path / "points")
    assert again.measured.points == calibrated_elsewhere.measured.points
