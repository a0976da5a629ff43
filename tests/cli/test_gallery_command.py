"""``facenet-app gallery``."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from program import THRESHOLD, Cli

from facenet_app.cli.gallery_reembed import changeover_lines
from facenet_app.domain import Changeover, Embedding, ModelOutcomes, PersonChange, Quality, SampleDraft
from facenet_app.gallery.store import GalleryStore
from facenet_app.imaging.align import align
from facenet_app.service import FaceService


class Keyboard(io.StringIO):
    """A terminal at which somebody has typed this already."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def collins(cli: Cli, astronaut: Path) -> str:
    assert cli("enroll", "Eileen Collins", astronaut).code == 0
    return "Eileen Collins"


@pytest.fixture
def hopper_too(cli: Cli, hopper: Path) -> str:
    assert cli("enroll", "Grace Hopper", hopper).code == 0
    return "Grace Hopper"


def test_list_and_show(cli: Cli, collins: str) -> None:
    assert cli("gallery", "list").out == "Eileen Collins  (1 sample)\n"
    shown = cli("gallery", "show", "eileen collins")
    assert shown.code == 0
    assert "sharpness" in shown.out
    document = cli("gallery", "show", collins, "--json").document
    assert set(document) == {"identity", "samples"}
    assert len(document["samples"]) == document["identity"]["samples"] == 1
    assert "embedding" not in document["samples"][0]


def test_nobody(cli: Cli, collins: str) -> None:
    assert cli("gallery", "remove", collins, "--yes").code == 0
    assert cli("gallery", "list").out == "nobody is enrolled yet\n"
    for command in (["show", "Ada"], ["remove", "Ada", "--yes"], ["rename", "Ada", "Grace"]):
        ran = cli("gallery", *command, "--json")
        assert ran.code == 5
        assert ran.error_code == "unknown_identity"


def test_rename(cli: Cli, collins: str) -> None:
    ran = cli("gallery", "rename", collins, "Col. Eileen Collins", "--json")
    assert ran.document["identity"]["name"] == "Col. Eileen Collins"
    assert cli("gallery", "rename", "Col. Eileen Collins", "a/b").code == 2


def test_rename_onto_somebody(
    cli: Cli, collins: str, hopper_too: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = cli("gallery", "rename", collins, hopper_too)
    assert refused.code == 5
    assert "--merge" in refused.err
    monkeypatch.setattr("sys.stdin", Keyboard("n\n"))
    assert cli("gallery", "rename", collins, hopper_too).code == 1
    assert len(cli("gallery", "list", "--json").document["people"]) == 2
    monkeypatch.setattr("sys.stdin", Keyboard("y\n"))
    assert cli("gallery", "rename", collins, hopper_too).code == 0
    assert cli("gallery", "list").out == "Grace Hopper  (2 samples)\n"


def test_rename_with_merge(cli: Cli, collins: str, hopper_too: str) -> None:
    ran = cli("gallery", "rename", collins, hopper_too, "--merge")
    assert ran.code == 0
    assert "2 samples" in ran.out


def test_remove_asks(cli: Cli, collins: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = cli("gallery", "remove", collins)
    assert refused.code == 2
    assert "--yes" in refused.err
    monkeypatch.setattr("sys.stdin", Keyboard("n\n"))
    assert cli("gallery", "remove", collins).code == 1
    assert len(cli("gallery", "list", "--json").document["people"]) == 1
    # Programs are never asked.
    assert cli("gallery", "remove", collins, "--json").error_code == "usage"
    monkeypatch.setattr("sys.stdin", Keyboard("y\n"))
    assert cli("gallery", "remove", collins).code == 0
    assert cli("gallery", "list", "--json").document == {"people": []}


def test_remove_with_yes(cli: Cli, collins: str) -> None:
    ran = cli("gallery", "remove", collins, "--yes", "--json")
    assert ran.code == 0
    assert ran.document["removed"]["name"] == collins


def test_check(cli: Cli, collins: str) -> None:
    ran = cli("gallery", "check")
    assert ran.code == 0
    order, look, advice = ran.out.splitlines()
    assert (order, look) == ("the gallery is in order (model sface)", "to look at:")
    assert advice.startswith("  one_sample: ")


def test_check_advises_without_an_error(cli: Cli, collins: str, astronaut: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.png"
    with Image.open(astronaut) as picture:
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(turned)
    assert cli("enroll", "E. Collins", turned, "--gate", "off").code == 0
    ran = cli("gallery", "check", "--json")
    assert ran.code == 0
    assert ran.document["findings"] == []
    same = ran.document["advice"][0]
    assert (same["code"], set(same["people"])) == ("same_person", {"Eileen Collins", "E. Collins"})
    assert len(same["sample_ids"]) == 2
    assert "rename" in same["suggestion"]


def test_hundreds_of_one_kind_are_counted(cli: Cli, collins: str, tmp_path: Path) -> None:
    with FaceService.open() as service:
        sample = service.samples(collins)[0]
        for number in range(15):
            digest = f"{number:064x}"
            draft = SampleDraft(sample.embedding, sample.crop, sample.quality, digest)
            service.gallery.add(f"Double {number}", [draft])
    lines = cli("gallery", "check").out.splitlines()
    assert sum(line.startswith("  same_person: 'Double") or "may be one" in line for line in lines) == 10
    assert "  same_person: 110 more; see all of them with --json" in lines
    assert len(cli("gallery", "check", "--json").document["advice"]) == 121


def test_what_another_model_would_change(
    cli: Cli, collins: str, hopper_too: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACENET_APP_MIRROR", "1")
    tried = cli("gallery", "reembed", "--dry-run", "--json").document
    assert set(tried) == {"samples", "before", "after", "people"}
    assert tried["before"]["threshold"] != tried["after"]["threshold"]  # each model has its own
    assert (tried["samples"], tried["before"]["unknown"], tried["people"]) == (2, 2, [])
    shown = cli("gallery", "reembed", "--dry-run").out
    assert shown.startswith("2 samples, each presented to a gallery of all the others:")
    assert "nothing would change for anybody" in shown
    assert cli("gallery", "check", "--json").document["findings"][0]["code"] == "model_mismatch"  # as before
    assert cli("gallery", "reembed").out == "2 samples embedded with sface\n"
    assert cli("gallery", "check").code == 0


def test_who_is_named_for_whom_something_changes() -> None:
    before = ModelOutcomes("sface", 1.131, 1e-3, recognized=1200, missed=3, confused=0, unknown=40)
    after = ModelOutcomes("facenet-vggface2", 0.9, 1e-3, recognized=1198, missed=4, confused=1, unknown=40)
    people = [
        PersonChange("Anna", newly_confused=("s1",), confused_with=("Bea", "Cleo")),
        PersonChange("Dora", newly_missed=("s2", "s3"), newly_recognized=("s4",), no_longer_confused=("s4",)),
        *(PersonChange(f"P {number:02d}", newly_missed=("s",)) for number in range(30)),
    ]
    lines = list(changeover_lines(Changeover(1243, before, after, tuple(people))))
    assert lines[0].startswith("1,243 samples")
    table = [" ".join(line.split()) for line in lines[1:7]]
    assert table[0] == "sface facenet-vggface2"
    assert table[1:3] == ["threshold 1.131 0.900", "recognized 1,200 1,198"]
    assert lines[7] == "Anna: 1 newly taken for Bea or Cleo"
    assert lines[8] == "Dora: 2 newly missed, 1 newly recognized, 1 no longer taken for somebody else"
    assert lines[-1] == "12 more people; see all of them with --json"


def test_a_gallery_of_another_model(
    cli: Cli, collins: str, astronaut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACENET_APP_MIRROR", "1")  # other embeddings, so another fingerprint
    for command in (["identify", astronaut, *THRESHOLD], ["enroll", "Ada", astronaut]):
        ran = cli(*command, "--json")
        assert ran.code == 5
        assert ran.error_code == "model_mismatch"
    assert "go on with FACENET_APP_MIRROR=0." in cli("enroll", "Ada", astronaut).err
    assert cli("gallery", "list").out == "Eileen Collins  (1 sample)\n"
    ran = cli("gallery", "check", "--json")
    assert ran.code == 5
    assert [finding["code"] for finding in ran.document["findings"]] == ["model_mismatch"]
    assert cli("gallery", "reembed", "--json").document["samples"] == 1
    assert cli("gallery", "check").code == 0
    assert cli("identify", astronaut, *THRESHOLD).code == 0


def enroll_aligned_as(
    alignment: str, picture: Path, path: Path, verifier: FaceService, model: str = "other"
) -> None:
    """A gallery as another model would leave it."""
    extraction = verifier.extractor.extract(picture)
    crop = align(extraction.pixels, extraction.face.face, alignment)
    vector = np.zeros(512, np.float32)
    vector[0] = 1
    with GalleryStore.open(path, model=model, fingerprint="0" * 16) as store:
        store.add("Grace Hopper", [SampleDraft(Embedding(vector, "0" * 16), crop, Quality(60, 20), "1" * 64)])


def test_reembed_finds_the_face_in_crops_of_another_alignment(
    cli: Cli, own_gallery: Path, hopper: Path, verifier: FaceService
) -> None:
    enroll_aligned_as("box-160", hopper, own_gallery, verifier)
    assert cli("identify", hopper, *THRESHOLD).code == 5
    ran = cli("gallery", "reembed")
    assert (ran.code, ran.out) == (0, "1 sample embedded with sface\n")
    ran = cli("identify", hopper, *THRESHOLD, "--json")
    assert ran.document["faces"][0]["name"] == "Grace Hopper"
    assert ran.document["distance"] < 0.8


def test_not_a_gallery(cli: Cli, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a gallery at all\n" * 100)
    ran = cli("gallery", "list", "--gallery", other, "--json")
    assert ran.code == 5
    assert ran.error_code == "gallery"


@pytest.mark.parametrize(
    "command",
    [
        ["list"],
        ["show", "Ada"],
        ["rename", "Ada", "Grace"],
        ["remove", "Ada", "--yes"],
        ["check"],
        ["reembed"],
    ],
)
def test_a_gallery_that_is_not_there_is_said_and_not_made(
    cli: Cli, tmp_path: Path, command: list[str]
) -> None:
    typo = tmp_path / "folder" / "typo.db"
    ran = cli("gallery", *command, "--gallery", typo)
    assert ran.code == 5
    assert ran.err.startswith(f"there is no gallery at {typo}; check --gallery ")
    assert not typo.parent.exists()


@pytest.fixture
def without_weights(cli: Cli, own_gallery: Path, hopper: Path, verifier: FaceService) -> Path:
    """A gallery of a model that is not on this machine any more."""
    enroll_aligned_as("box-160", hopper, own_gallery, verifier, model="facenet-vggface2")
    assert (
        cli("verify", hopper, hopper, "--model", "facenet-vggface2", "--json").error_code == "weights_missing"
    )
    return own_gallery


@pytest.mark.parametrize("model", ["sface", "facenet-vggface2"])
def test_people_can_be_seen_and_removed_without_the_weights_of_their_model(
    cli: Cli, without_weights: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACENET_APP_MODEL", model)
    assert cli("gallery", "list").out == "Grace Hopper  (1 sample)\n"
    assert cli("gallery", "rename", "Grace Hopper", "G. Hopper").code == 0
    assert cli("gallery", "show", "G. Hopper").code == 0
    assert cli("gallery", "remove", "G. Hopper", "--yes").code == 0
    assert b"Hopper" not in without_weights.read_bytes()


def test_check_finds_that_the_weights_are_missing(cli: Cli, without_weights: Path) -> None:
    ran = cli("gallery", "check", "--model", "facenet-vggface2", "--json")
    assert ran.code == 5
    assert ran.document["model"] == "facenet-vggface2"
    (finding,) = ran.document["findings"]
    assert finding["code"] == "weights_missing"
    assert finding["suggestion"] == "run `facenet-app models fetch facenet-vggface2`"


def test_an_empty_gallery_is_for_the_next_model(cli: Cli, without_weights: Path, astronaut: Path) -> None:
    assert cli("enroll", "Eileen Collins", astronaut, "--json").error_code == "model_mismatch"
    assert cli("gallery", "remove", "Grace Hopper", "--yes").code == 0
    assert cli("enroll", "Eileen Collins", astronaut).code == 0
    assert cli("gallery", "check").out.startswith("the gallery is in order (model sface)\n")
