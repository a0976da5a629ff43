"""``facenet-app verify``, and the wrong input that every command with pictures may get."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from program import THRESHOLD, Cli


def test_the_same_person(shell: Cli, astronaut: Path, tmp_path: Path) -> None:
    copy = tmp_path / "Zoë Åström 宇航员.png"
    shutil.copy(astronaut, copy)
    ran = shell("verify", astronaut, copy, *THRESHOLD)
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.startswith("MATCH: ")
    assert copy.name in ran.out
    assert "distance 0.0000, within the threshold 1.1310 (sface)" in ran.out
    assert "given by hand" in ran.out


def test_nothing_is_left_in_the_home_folder(
    shell: Cli, astronaut: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO would leave an id there by which its telemetry knows the machine, if this is not CI."""
    monkeypatch.delenv("CI", raising=False)
    assert shell("verify", astronaut, astronaut, *THRESHOLD, HOME=str(tmp_path)).code == 0
    assert list(tmp_path.iterdir()) == []


def test_different_people(cli: Cli, astronaut: Path, hopper: Path) -> None:
    ran = cli("verify", astronaut, hopper, *THRESHOLD)
    assert ran.code == 1
    assert ran.out.startswith("NO MATCH: ")


def test_the_document(cli: Cli, astronaut: Path, hopper: Path) -> None:
    ran = cli("verify", astronaut, hopper, *THRESHOLD, "--json")
    assert ran.code == 1
    document = ran.document
    assert set(document) == {
        "decision", "distance", "threshold", "operating_point", "review_point", "model", "faces", "warnings",
    }  # fmt: skip
    assert document["review_point"] is None
    assert document["decision"] == "non_match"
    assert document["threshold"] == 1.131
    assert set(document["faces"]) == {"probe", "reference"}
    assert {"box", "quality", "faces_found", "used_because"} <= set(document["faces"]["probe"])


def test_a_picture_too_poor_to_say(cli: Cli, astronaut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACENET_APP_MIN_EYE_DISTANCE", "500")
    ran = cli("verify", astronaut, astronaut, *THRESHOLD)
    assert ran.code == 1
    assert ran.out.startswith("REVIEW: ")
    assert "warning: probe: the face is too small" in ran.out


def test_variables_and_options(cli: Cli, astronaut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACENET_APP_THRESHOLD", "0.5")
    assert cli("verify", astronaut, astronaut, "--json").document["threshold"] == 0.5
    assert cli("verify", astronaut, astronaut, *THRESHOLD, "--json").document["threshold"] == 1.131
    # A rate asked for leads over the variable's threshold: nothing was measured at this one.
    assert cli("verify", astronaut, astronaut, "--fmr", "0.123", "--json").error_code == "no_operating_point"


def test_too_close_to_call(cli: Cli, astronaut: Path, hopper: Path) -> None:
    ran = cli("verify", astronaut, hopper, "--threshold", "2", "--review", "1e-3")
    assert ran.code == 1
    assert ran.out.startswith("REVIEW: a person should look, it is too close to call\n")
    assert ", review up to 2.0000 (sface)" in ran.out
    document = cli("verify", astronaut, hopper, "--threshold", "2", "--review", "1e-3", "--json").document
    assert document["decision"] == "review"
    assert document["threshold"] == document["operating_point"]["threshold"] < document["distance"]
    assert document["review_point"]["threshold"] == 2


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--threshold", "3"], 2, "threshold"),
        (["--threshold", "1", "--fmr", "1e-3"], 2, "exclude each other"),
        (["--fmr", "2"], 2, "fmr"),
        (["--fmr", "1e-3", "--review", "1e-2"], 2, "has to be stricter than 0.001"),
        (["--review", "0"], 2, "review"),
        (["--threshold", "near"], 2, "--threshold"),
        (["--device", "toaster"], 2, "device"),
        (["--nonsense"], 2, "--nonsense"),
        (["one more.jpg"], 2, "see `facenet-app verify --help`"),
        (["--model", "nobody"], 5, "there is no model 'nobody'; choose one of"),
        (["--model", "facenet-vggface2"], 5, "run `facenet-app models fetch facenet-vggface2`"),
        (["--fmr", "0.123"], 5, "no threshold was measured"),
    ],
)
def test_wrong_options(cli: Cli, astronaut: Path, options: list[str], code: int, words: str) -> None:
    ran = cli("verify", astronaut, astronaut, *options)
    assert ran.code == code
    assert words in ran.err
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert ran.err.endswith(".\n")


def test_a_missing_argument(cli: Cli, astronaut: Path) -> None:
    assert cli("verify", astronaut).code == 2
    assert cli().code == 2
    assert cli("gallery").code == 2
    assert cli("verify", astronaut, "--json").error_code == "usage"


def test_no_face(cli: Cli, astronaut: Path, blank: Path) -> None:
    ran = cli("verify", astronaut, blank, *THRESHOLD)
    assert ran.code == 3
    assert str(blank) in ran.err
    assert cli("verify", blank, astronaut, *THRESHOLD, "--json").error_code == "no_face"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("nothing", "image_not_found"),
        ("folder", "image_not_found"),
        ("empty", "empty_image"),
        ("text", "not_an_image"),
        ("truncated", "truncated_image"),
        ("huge", "image_too_large"),
    ],
)
def test_wrong_pictures(
    cli: Cli, hopper: Path, tmp_path: Path, kind: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "picture.jpg"
    if kind == "folder":
        path.mkdir()
    elif kind == "huge":
        monkeypatch.setenv("FACENET_APP_MAX_PIXELS", "1000")
        shutil.copy(hopper, path)
    elif kind != "nothing":
        whole = hopper.read_bytes()
        path.write_bytes({"empty": b"", "text": b"no picture\n", "truncated": whole[: len(whole) // 3]}[kind])
    ran = cli("verify", path, hopper, *THRESHOLD, "--json")
    assert ran.code == 4
    assert ran.error_code == code
    assert cli("verify", path, hopper, *THRESHOLD).err.count("\n") == 1


def test_a_cold_start_imports_little(shell: Cli, astronaut: Path) -> None:
    arguments = ["verify", str(astronaut), str(astronaut), *THRESHOLD]
    program = (
        "import sys\n"
        "from facenet_app.cli.main import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit as end: print(end.code, *sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, encoding="utf-8")
    code, *loaded = done.stdout.splitlines()[-1].split()
    assert code == "0"
    assert "openvino" in loaded
    assert not {"torch", "gradio", "sqlalchemy", "rich", "matplotlib", "requests"} & set(loaded)


def test_a_face_chosen_by_its_number(cli: Cli, astronaut: Path, hopper: Path, tmp_path: Path) -> None:
    both = tmp_path / "both.png"
    canvas = Image.new("RGB", (1024, 600))
    for left, path in ((0, astronaut), (512, hopper)):
        with Image.open(path) as picture:
            canvas.paste(picture.convert("RGB"), (left, 0))
    canvas.save(both)
    assert cli("verify", both, astronaut, "--probe-face", "1", *THRESHOLD).code == 0
    ran = cli("verify", astronaut, both, "--reference-face", "2", *THRESHOLD, "--json")
    assert ran.document["decision"] == "non_match"
    assert ran.document["faces"]["reference"]["selection"] == "number 2"
    assert cli("verify", both, astronaut, "--probe-face", "3", *THRESHOLD).code == 2
