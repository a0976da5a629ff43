"""``facenet-app keys``: a key is shown once, listed without its secret, and ended for good."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from program import Cli

from facenet_app.access.access_file import AccessFile
from facenet_app.access.scope import Scope


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AccessFile:
    monkeypatch.setenv("FACENET_APP_ACCESS", str(tmp_path / "access.json"))
    return AccessFile(tmp_path / "access.json")


def test_a_key_from_creation_to_its_end(cli: Cli, file: AccessFile) -> None:
    assert cli("keys", "list").out == "there are no keys and no users\n"
    made = cli("keys", "create", "gate", "--scope", "verify", "--scope", "identify", "--expires", "90d")
    key, told = made.out.splitlines()
    kept = file.key(key)
    assert kept is not None
    assert told.startswith(f"key {kept.id} (gate) is good for identify, verify until 20")
    listed = cli("keys", "list")
    assert f"{kept.id}  active   gate  (identify, verify), expires" in listed.out
    assert key.rpartition("_")[2] not in listed.out
    assert cli("keys", "revoke", kept.id).code == 0
    (entry,) = cli("keys", "list", "--json").document["keys"]
    assert (entry["id"], entry["state"]) == (kept.id, "revoked")
    assert "sha256" not in entry
    assert cli("keys", "revoke", "x", "--json").error_code == "usage"


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        ("2099-01-31", datetime(2099, 1, 31, tzinfo=UTC)),
        ("2099-01-31T12:00+01:00", datetime(2099, 1, 31, 11, tzinfo=UTC)),
    ],
)
def test_dates(cli: Cli, file: AccessFile, expires: str, expected: datetime) -> None:
    document = cli("keys", "create", "gate", "--scope", "admin", "--expires", expires, "--json").document
    kept = file.key(document["key"])
    assert kept is not None
    assert kept.expires_at == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ("gate",),
        ("gate", "--scope", "root"),
        ("gate", "--scope", "verify", "--expires", "soon"),
        ("gate", "--scope", "verify", "--expires", "9999999d"),
        ("gate", "--scope", "verify", "--expires", "2020-01-01"),
        ("", "--scope", "verify"),
    ],
)
def test_wrong_wishes(cli: Cli, file: AccessFile, arguments: tuple[str, ...]) -> None:
    assert cli("keys", "create", *arguments, "--json").code == 2
    assert not file.path.exists()


def test_users(cli: Cli, file: AccessFile, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("keys", "add-user", "ada").code == 2  # nobody can be asked
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    assert "ada can log in on the page, as viewer" in cli("keys", "add-user", "ada", "--password-stdin").out
    assert file.user_with("ada", "a long password") is not None
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    again = cli("keys", "add-user", "ada", "--role", "admin", "--password-stdin", "--json")
    assert again.document == {"name": "ada", "role": "admin"}
    assert cli("keys", "list", "--json").document == {"keys": [], "users": [again.document]}
    assert cli("keys", "list").out == "user of the page: ada (admin)\n"
    assert cli("keys", "add-user", "ada", "--role", "root").code == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert cli("keys", "add-user", "bob", "--password-stdin").code == 2
    assert cli("keys", "remove-user", "ada").code == 0
    assert cli("keys", "remove-user", "ada").code == 2


def test_a_damaged_file_is_one_sentence(cli: Cli, file: AccessFile) -> None:
    file.path.write_text("{")
    done = cli("keys", "list")
    assert done.code == 5
    assert "cannot be read; restore it" in done.err


def test_doctor_counts_them_and_warns_where_there_are_none(
    cli: Cli, file: AccessFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACENET_APP_HOST", "0.0.0.0")
    assert "fail  keys: 0 active keys, 0 users, and others could reach the server" in cli("doctor").out
    _, kept = file.create_key("gate", frozenset({Scope.VERIFY}), None)
    assert "ok    keys: 1 active key, 0 users" in cli("doctor").out
    file.revoke_key(kept.id)
    assert "fail  keys: 0 active keys" in cli("doctor").out
