"""``facenet-app gallery encrypt``, ``rotate-key`` and ``decrypt``."""

from pathlib import Path

import pytest
from program import THRESHOLD, Cli

WORDS = "correct horse battery staple"


@pytest.fixture
def collins(cli: Cli, astronaut: Path) -> str:
    assert cli("enroll", "Eileen Collins", astronaut).code == 0
    return "Eileen Collins"


def test_a_key_file(
    cli: Cli,
    collins: str,
    astronaut: Path,
    own_gallery: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, other = tmp_path / "gallery.key", tmp_path / "new.key"
    monkeypatch.chdir(tmp_path)
    ran = cli("gallery", "encrypt", "--key-file", key.name)
    assert ran.code == 0
    assert f"FACENET_APP_GALLERY_KEY_FILE={key}\n" in ran.out  # it has to work in every folder
    assert "keep a copy of it elsewhere" in ran.out
    assert b"Collins" not in own_gallery.read_bytes()
    for command in (["gallery", "list"], ["identify", astronaut, *THRESHOLD], ["enroll", "Ada", astronaut]):
        ran = cli(*command, "--json")
        assert (ran.code, ran.error_code) == (5, "wrong_key")
    assert cli("gallery", "audit").code == 0  # for that no key is needed
    monkeypatch.setenv("FACENET_APP_GALLERY_KEY_FILE", str(key))
    assert cli("gallery", "list").out == "Eileen Collins  (1 sample)\n"
    assert cli("identify", astronaut, *THRESHOLD).code == 0
    assert cli("gallery", "check").code == 0
    ran = cli("gallery", "rotate-key", "--key-file", other, "--json")
    assert ran.document == {
        "encrypted": True,
        "key": "key-file",
        "key_file": str(other),
        "key_file_made": True,
        "copies": [],
    }
    ran = cli("gallery", "list")
    assert (ran.code, f"the key in {key} is not that of this gallery" in ran.err) == (5, True)
    monkeypatch.setenv("FACENET_APP_GALLERY_KEY_FILE", str(other))
    assert cli("gallery", "decrypt").code == 2  # nobody can be asked
    assert cli("gallery", "decrypt", "--yes").out == "the gallery is not encrypted any more\n"
    monkeypatch.delenv("FACENET_APP_GALLERY_KEY_FILE")
    assert cli("gallery", "list").out == "Eileen Collins  (1 sample)\n"


def test_a_passphrase(cli: Cli, collins: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = tmp_path / "words.txt"
    words.write_text(f"{WORDS}\nnot this line\n")
    ran = cli("gallery", "encrypt", "--passphrase-file", words)
    assert (ran.code, WORDS in ran.out) == (0, False)
    monkeypatch.setenv("FACENET_APP_GALLERY_PASSPHRASE", "another one altogether")
    ran = cli("gallery", "list")
    assert ran.code == 5
    assert ran.err == "this is not the passphrase of the gallery; correct FACENET_APP_GALLERY_PASSPHRASE.\n"
    monkeypatch.setenv("FACENET_APP_GALLERY_PASSPHRASE", WORDS)
    assert cli("gallery", "list").out == "Eileen Collins  (1 sample)\n"
    shown = cli("doctor")
    assert WORDS not in shown.out + shown.err


def test_copies_that_are_still_readable_are_listed(cli: Cli, collins: str, tmp_path: Path) -> None:
    assert cli("gallery", "backup", tmp_path / "backup.db").code == 0
    ran = cli("gallery", "encrypt", "--key-file", tmp_path / "k")
    assert "these copies are as they were, delete or replace them:" in ran.out
    assert f"  {tmp_path / 'backup.db'} (backup of " in ran.out


def test_wrong_usage(cli: Cli, collins: str, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("short")
    for options in (
        [],
        ["--passphrase"],  # nobody can be asked
        ["--passphrase", "--key-file", tmp_path / "k"],
        ["--passphrase-file", words],
        ["--passphrase-file", tmp_path / "nowhere"],
        ["--key-file", tmp_path / "no folder" / "k"],
    ):
        assert cli("gallery", "encrypt", *options).code == 2
    assert cli("gallery", "encrypt", "--key-file", words).code == 5  # a file, but no key
    assert cli("gallery", "rotate-key", "--key-file", tmp_path / "k").code == 2
    assert not (tmp_path / "k").exists()
    assert cli("gallery", "decrypt", "--yes").code == 2
    assert cli("gallery", "list").code == 0


def test_no_key_file_is_made_for_a_gallery_that_cannot_use_it(cli: Cli, tmp_path: Path) -> None:
    assert cli("gallery", "encrypt", "--key-file", tmp_path / "k").code == 5  # there is no gallery
    assert not (tmp_path / "k").exists()
