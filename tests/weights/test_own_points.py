"""Operating points measured on this machine."""

from pathlib import Path

import pytest

from facenet_app.bootstrap import measured_points
from facenet_app.domain import OperatingPoint, Rate
from facenet_app.errors import ModelError
from facenet_app.settings import load_settings
from facenet_app.weights.manifest import load_manifest
from facenet_app.weights.own_points import read_own_points, write_own_points


def point(threshold: float, fmr: float, fingerprint: str = "f") -> OperatingPoint:
    rate = Rate(3, 3000, 0.0002, 0.003)
    return OperatingPoint(threshold, fingerprint, fmr, rate, rate, "people", people=30, pictures=120)


def test_they_come_back_as_they_went_in(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert read_own_points(folder, "sface") == ()
    written = write_own_points(folder, "sface", [point(1.1, 1e-3), point(1.0, 1e-4)])
    assert written == folder / "sface.json"
    assert read_own_points(folder, "sface") == (point(1.1, 1e-3), point(1.0, 1e-4))
    assert read_own_points(folder, "other") == ()
    assert [path.name for path in folder.iterdir()] == ["sface.json"]


def test_other_fingerprints_stay(tmp_path: Path) -> None:
    write_own_points(tmp_path, "sface", [point(1.1, 1e-3), point(1.0, 1e-4)])
    write_own_points(tmp_path, "sface", [point(0.8, 1e-3, "f-mirror")])
    write_own_points(tmp_path, "sface", [point(1.2, 1e-3)])
    assert set(read_own_points(tmp_path, "sface")) == {point(1.2, 1e-3), point(0.8, 1e-3, "f-mirror")}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema": 2, "operating_points": []}', '{"schema": 1}'])
def test_a_damaged_file_is_refused_and_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sface.json"
    path.write_text(content)
    with pytest.raises(ModelError, match=r"sface\.json cannot be read.*calibrate"):
        read_own_points(tmp_path, "sface")
    with pytest.raises(ModelError):
        write_own_points(tmp_path, "sface", [point(1.1, 1e-3)])
    assert path.read_text() == content


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="FACENET_APP_CALIBRATION"):
        write_own_points(tmp_path / "file" / "folder", "sface", [point(1.1, 1e-3)])


def test_they_lead_over_the_shipped_ones(tmp_path: Path) -> None:
    shipped = load_manifest("sface").operating_points
    fingerprint = shipped[0].fingerprint
    own = point(0.5, 1e-3, fingerprint)
    write_own_points(tmp_path, "sface", [own, point(0.1, 1e-3, "of another model")])
    points = measured_points(load_settings(calibration=tmp_path), fingerprint)
    assert own in points
    assert not [each for each in points if each.target_fmr == 1e-3 and each != own]
    assert {each.fingerprint for each in points} == {fingerprint}
    assert any(each in shipped for each in points)
