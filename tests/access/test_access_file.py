"""The file of keys and users: what it keeps, who may read it, and what happens when it is damaged."""

import json
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facenet_app.access.access_file import Access, AccessFile
from facenet_app.access.keys import ApiKey, key_id, new_key
from facenet_app.access.scope import Scope, allows
from facenet_app.errors import AccessFileDamaged, UsageError

VERIFY = frozenset({Scope.VERIFY})


@pytest.fixture
def file(tmp_path: Path) -> AccessFile:
    return AccessFile(tmp_path / "new" / "access.json")


def test_a_key_is_known_by_its_secret_alone(file: AccessFile) -> None:
    assert file.load() == Access()
    key, kept = file.create_key("gate", VERIFY, None)
    assert file.key(key) == kept
    for wrong in (key[:-1], key + "x", key.upper(), key_id(key), "", "fna", f"fna_{kept.id}_", "ä"):
        assert file.key(wrong) is None, wrong
    assert key not in file.path.read_text()
    assert key.rpartition("_")[2] not in file.path.read_text()


def test_keys_are_never_alike() -> None:
    keys = [new_key("x", VERIFY, None)[0] for _ in range(100)]
    assert len({key_id(key) for key in keys}) == len(set(keys)) == 100
    assert all(len(key.partition("_")[2].partition("_")[2]) == 43 for key in keys)  # 256 bits in base64


def test_only_the_owner_can_read_it(file: AccessFile) -> None:
    file.create_key("gate", VERIFY, None)
    file.set_user("ada", "a long password")
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    left = {path.name for path in file.path.parent.iterdir()}
    assert left <= {"access.json", "access.json.lock"}


def test_states_of_a_key(file: AccessFile) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    _, kept = file.create_key("gate", VERIFY, soon)
    assert kept.state(soon - timedelta(seconds=1)) == "active"
    assert kept.state(soon) == "expired"
    revoked = file.revoke_key(kept.id)
    assert revoked.state(datetime.now(UTC)) == "revoked"
    assert file.revoke_key(kept.id) == revoked
    with pytest.raises(UsageError, match="there is no key 'x'"):
        file.revoke_key("x")


def test_another_process_s_change_counts_at_once(file: AccessFile) -> None:
    key, kept = file.create_key("gate", VERIFY, None)
    assert file.key(key) is not None
    program = (
        "import sys; from pathlib import Path\n"
        "from facenet_app.access.access_file import AccessFile\n"
        "AccessFile(Path(sys.argv[1])).revoke_key(sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", program, str(file.path), kept.id], check=True)
    assert file.key(key).state(datetime.now(UTC)) == "revoked"


def test_changes_at_once_are_all_kept(file: AccessFile) -> None:
    others = [AccessFile(file.path) for _ in range(4)]
    threads = [
        threading.Thread(target=lambda other=other: [other.create_key("k", VERIFY, None) for _ in range(5)])
        for other in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({key.id for key in file.load().keys}) == 20


@pytest.mark.parametrize(
    ("name", "scopes", "expires"),
    [
        ("", VERIFY, None),
        ("a\nb", VERIFY, None),
        ("x" * 101, VERIFY, None),
        ("gate", frozenset(), None),
        ("gate", VERIFY, datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_keys_that_make_no_sense(file: AccessFile, name: str, scopes: frozenset[Scope], expires) -> None:
    with pytest.raises(UsageError):
        file.create_key(name, scopes, expires)
    assert not file.path.exists()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000),
        b'{"format": 2, "keys": [], "users": []}',
        b'{"format": 1, "keys": [{"id": "x"}], "users": []}',
    ],
)
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, content: bytes) -> None:
    file = AccessFile(tmp_path / "access.json")
    file.path.write_bytes(content)
    with pytest.raises(AccessFileDamaged, match="cannot be read"):
        file.key("fna_x_y")
    with pytest.raises(AccessFileDamaged):
        file.create_key("gate", VERIFY, None)
    assert file.path.read_bytes() == content


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AccessFileDamaged, match="cannot be"):
        AccessFile(tmp_path / "file" / "access.json").create_key("gate", VERIFY, None)


def test_users(file: AccessFile) -> None:
    ada = file.set_user("ada", "correct horse")
    assert file.user("ada") == file.user_with("ada", "correct horse") == ada
    for name, password in (("ada", "correct horsf"), ("bob", "correct horse"), ("ada", "x" * 100_000)):
        assert file.user_with(name, password) is None
    file.set_user("ada", "another one!")
    assert file.user_with("ada", "correct horse") is None
    assert [user.argon2.split("$")[1] for user in file.load().users] == ["argon2id"]
    file.remove_user("ada")
    assert file.user("ada") is file.user_with("ada", "another one!") is None
    with pytest.raises(UsageError):
        file.remove_user("ada")
    with pytest.raises(UsageError, match="10 to 1,000"):
        file.set_user("ada", "short")


@given(st.sets(st.sampled_from(Scope)), st.one_of(st.none(), st.sampled_from(Scope)))
def test_what_scopes_allow(held: set[Scope], needed: Scope | None) -> None:
    expected = needed is None or needed in held or Scope.ADMIN in held
    assert allows(frozenset(held), needed) is expected


moments = st.none() | st.datetimes(timezones=st.just(UTC))


@settings(max_examples=25)
@given(st.text(), st.sets(st.sampled_from(Scope)), st.datetimes(timezones=st.just(UTC)), moments, moments)
def test_a_record_comes_back_as_it_was(name: str, scopes: set[Scope], created, expires, revoked) -> None:
    key = ApiKey("0f", name, frozenset(scopes), "ab" * 32, created, expires, revoked)
    assert ApiKey.from_record(json.loads(json.dumps(key.to_record()))) == key
