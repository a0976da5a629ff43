"""``facenet-app calibrate``: thresholds from folders of one's own."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from program import Cli

from facenet_app.bootstrap import measured_points
from facenet_app.domain import Embedding, Quality, SampleDraft
from facenet_app.gallery.store import GalleryStore
from facenet_app.settings import load_settings


@pytest.fixture(scope="session")
def people(astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four folders of four pictures each. There are two faces at hand, so two have two folders each."""
    root = tmp_path_factory.mktemp("data") / "people"
    for name, source, smallest in (
        ("Ann", astronaut, 380), ("Bea", astronaut, 260), ("Cleo", hopper, 380), ("Dora", hopper, 260),
    ):  # fmt: skip
        (root / name).mkdir(parents=True)
        with Image.open(source) as picture:
            for number in range(4):
                side = smallest + 30 * number
                picture.convert("RGB").resize((side, side)).save(root / name / f"{number}.png")
    return root


@pytest.fixture
def own_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own points"
    monkeypatch.setenv("FACENET_APP_CALIBRATION", str(folder))
    return folder


def test_the_points_are_used_from_then_on(cli: Cli, own_points: Path, people: Path, astronaut: Path) -> None:
    ran = cli("calibrate", "--folders", people, "--fmr", "0.125", "--json")
    assert ran.code == 0
    document = ran.document
    assert (document["pictures"], document["failures"]) == (16, [])
    assert document["stored_in"] == str(own_points / "sface.json")
    (point,), (swapped,) = document["operating_points"], document["swapped"]
    assert (point["target_fmr"], point["dataset"], point["people"]) == (0.125, "people", 2)
    assert (point["fmr"]["trials"], point["fnmr"]["trials"]) == (16, 12)
    assert swapped["threshold"] != point["threshold"]
    verified = cli("verify", astronaut, astronaut, "--fmr", "0.125", "--json").document
    assert verified["operating_point"] == point
    assert cli("verify", astronaut, astronaut, "--fmr", "0.126", "--json").error_code == "no_operating_point"


def test_a_second_calibration_adds_its_rates(cli: Cli, own_points: Path, people: Path) -> None:
    for rate in ("0.25", "0.125"):
        ran = cli("calibrate", "--folders", people, "--fmr", rate, "--dataset", "office door")
        assert ran.code == 0
    lines = [line for line in ran.out.splitlines() if line.startswith("  FMR 0.125: threshold")]
    assert len(lines) == 2
    assert all(line.rpartition("; ")[2].startswith(("kept", "not ")) for line in lines)
    assert all(" of 16), FNMR " in line for line in lines)
    assert ran.out.rstrip().endswith(f"stored in {own_points / 'sface.json'}")
    points = measured_points(load_settings(), load_fingerprint())
    mine = {point.target_fmr for point in points if point.dataset == "office door"}
    assert mine == {0.25, 0.125}


def load_fingerprint() -> str:
    from facenet_app.embedding.embedder import embedding_fingerprint
    from facenet_app.weights.manifest import load_manifest

    return embedding_fingerprint(load_manifest("sface"), load_settings())


def test_a_gallery_keeps_its_own(
    cli: Cli, own_points: Path, people: Path, own_gallery: Path, astronaut: Path
) -> None:
    ran = cli("calibrate", "--folders", people, "--fmr", "0.125", "--gallery", own_gallery, "--json")
    assert ran.document["stored_in"] == str(own_gallery)
    assert not own_points.exists()
    (point,) = ran.document["operating_points"]
    with GalleryStore.open(own_gallery, model="sface", fingerprint=load_fingerprint()) as store:
        assert [each.to_dict() for each in store.operating_points()] == [point]
    assert cli("enroll", "Eileen Collins", astronaut).code == 0
    found = cli("identify", astronaut, "--fmr", "0.125", "--json").document
    assert found["operating_point"] == point
    assert (found["target_fpir"], found["required_fmr"], found["fpir_bound"]) == pytest.approx((0.125,) * 3)
    # Comparing two pictures has nothing to do with the gallery.
    assert cli("verify", astronaut, astronaut, "--fmr", "0.125", "--json").error_code == "no_operating_point"


def test_a_dry_run_stores_nothing(cli: Cli, own_points: Path, people: Path, own_gallery: Path) -> None:
    ran = cli("calibrate", "--folders", people, "--fmr", "0.125", "--gallery", own_gallery, "--dry-run")
    assert ran.code == 0
    assert ran.out.endswith("nothing was stored (--dry-run)\n")
    assert not own_points.exists()
    assert not own_gallery.exists()


@pytest.mark.parametrize("options", [["--fmr", "1e-6"], ["--fmr", "0.125", "--fmr", "1e-6"]])
def test_a_rate_that_the_pictures_cannot_support_is_refused(
    cli: Cli, own_points: Path, people: Path, options: list[str]
) -> None:
    ran = cli("calibrate", "--folders", people, *options)
    assert ran.code == 2
    assert ran.out == ""
    assert "insufficient data: 1e-06 needs at least 1,000,000 non-mated pairs" in ran.err
    assert "you have 16" in ran.err
    assert not own_points.exists()


def test_wrong_folders_and_rates(cli: Cli, own_points: Path, people: Path, tmp_path: Path) -> None:
    assert cli("calibrate", "--folders", tmp_path / "none", "--json").error_code == "usage"
    assert cli("calibrate").code == 2
    ran = cli("calibrate", "--folders", people, "--fmr", "1.5", "--json")
    assert (ran.code, ran.error_code) == (2, "invalid_threshold")


def test_a_gallery_of_another_model_is_refused_before_the_work(
    cli: Cli, own_points: Path, people: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    with GalleryStore.open(other, model="net-b", fingerprint="net-b:9") as store:
        vector = np.array([1, 0], np.float32)
        store.add("Ann", [SampleDraft(Embedding(vector, "net-b:9"), None, Quality(60, 20), "1" * 64)])
    ran = cli("calibrate", "--folders", people, "--gallery", other, "--json")
    assert (ran.code, ran.error_code) == (5, "model_mismatch")
