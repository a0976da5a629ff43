"""``facenet-app gallery consent``, ``purge`` and ``audit``, and what ``enroll`` has to do with them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from program import THRESHOLD, Cli


@pytest.fixture
def collins(cli: Cli, astronaut: Path) -> str:
    ran = cli("enroll", "Eileen Collins", astronaut, "--consent", "form 12", "--expires", "2199-01-02")
    assert ran.code == 0
    return "Eileen Collins"


def expire(path: Path) -> None:
    """As if the day had come: the clock of the machine is not a test's to move."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE identities SET expires_at = '2026-01-02 00:00:00.000000'")
        connection.commit()


def test_consent_is_stored_shown_and_changed(cli: Cli, collins: str) -> None:
    assert "  consent: form 12, until 2199-01-02 00:00 UTC" in cli("gallery", "show", collins).out
    document = cli("gallery", "consent", collins, "--json").document
    assert (document["identity"]["consent"], document["identity"]["expires_at"]) == (
        "form 12",
        "2199-01-02T00:00:00+00:00",
    )
    assert cli("gallery", "consent", collins, "--note", "form 13").code == 0
    ran = cli("gallery", "consent", collins, "--forever")
    assert ran.out == "Eileen Collins: form 13, no end\n"


@pytest.mark.parametrize("date", ["soon", "2026-02-30", "2001-01-01"])
def test_wrong_dates(cli: Cli, astronaut: Path, date: str) -> None:
    assert cli("enroll", "Ada", astronaut, "--expires", date, "--json").error_code == "usage"
    assert "Ada" not in cli("gallery", "list").out


def test_consent_of_many_is_nobodys(cli: Cli, collins: str, tmp_path: Path) -> None:
    assert cli("enroll", "--from-folders", tmp_path, "--consent", "form").code == 2
    assert cli("gallery", "consent", collins, "--forever", "--expires", "2199-01-01").code == 2
    assert cli("gallery", "consent", "Nobody").code == 5


def test_somebody_expired_is_not_found_and_purged(
    cli: Cli, collins: str, own_gallery: Path, astronaut: Path
) -> None:
    assert cli("gallery", "list", "--expired").out == "nobody's consent has expired\n"
    assert cli("gallery", "purge").out == "nobody's consent has expired\n"
    assert cli("identify", astronaut, *THRESHOLD).code == 0
    expire(own_gallery)
    ran = cli("identify", astronaut, *THRESHOLD, "--json")
    assert (ran.code, ran.document["gallery_size"]) == (1, 0)
    refused = cli("enroll", collins, astronaut, "--json").document["refused"]
    assert [each["code"] for each in refused] == ["consent_expired"]
    listed = cli("gallery", "list", "--expired", "--json").document["people"]
    assert [person["name"] for person in listed] == [collins]
    ran = cli("gallery", "purge", "--dry-run")
    assert (ran.code, ran.out) == (0, "Eileen Collins would be removed (expired on 2026-01-02)\n")
    assert cli("gallery", "purge").code == 2  # nobody can be asked
    assert cli("gallery", "backup", own_gallery.with_name("backup.db")).code == 0
    assert cli("gallery", "list").out == "Eileen Collins  (1 sample)\n"
    ran = cli("gallery", "purge", "--yes", "--json")
    assert [person["name"] for person in ran.document["removed"]] == [collins]
    (copy,) = ran.document["copies"]
    assert (Path(copy["path"]).name, copy["kind"]) == ("backup.db", "backup")
    assert b"Collins" not in own_gallery.read_bytes()
    assert cli("gallery", "list").out == "nobody is enrolled yet\n"


def test_nothing_is_added_to_somebody_expired(
    cli: Cli, collins: str, own_gallery: Path, hopper: Path
) -> None:
    expire(own_gallery)
    ran = cli("enroll", collins, hopper, "--gate", "off", "--json")
    assert (ran.code, [each["code"] for each in ran.document["refused"]]) == (5, ["consent_expired"])
    assert cli("enroll", collins, hopper, "--gate", "off", "--expires", "2199-01-01").code == 0


def test_the_audit_trail(cli: Cli, collins: str, own_gallery: Path) -> None:
    assert cli("gallery", "rename", collins, "E. Collins").code == 0
    ran = cli("gallery", "audit")
    first, second, last = ran.out.splitlines()
    assert (ran.code, "Collins" in ran.out) == (0, False)
    assert "  enroll  " in first
    assert "(1 sample)" in first
    assert "  rename  " in second
    assert last.startswith("the trail is whole: 2 entries, head ")
    document = cli("gallery", "audit", "--last", "1", "--json").document
    assert set(document) == {"entries", "head", "intact", "faults"}
    assert [entry["action"] for entry in document["entries"]] == ["rename"]
    assert document["entries"][0]["digest"] == document["head"]
    with closing(sqlite3.connect(own_gallery)) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET actor = 'os:nobody' WHERE number = 1")
        connection.commit()
    ran = cli("gallery", "audit")
    assert ran.code == 5
    assert "warning: the entry 1 was changed" in ran.out
    assert "broken_audit" in cli("gallery", "check").out


def test_a_face_of_somebody_else_is_refused_unless_the_gate_is_off(
    cli: Cli, collins: str, astronaut: Path, tmp_path: Path
) -> None:
    from PIL import Image, ImageOps

    other = tmp_path / "mirrored.png"
    ImageOps.mirror(Image.open(astronaut)).save(other)
    ran = cli("enroll", "Somebody Else", other, "--json")
    assert (ran.code, [each["code"] for each in ran.document["refused"]]) == (5, ["belongs_to_other"])
    assert "Eileen Collins" in ran.document["refused"][0]["message"]
    assert "--gate off" in ran.document["refused"][0]["message"]
    assert cli("enroll", "Somebody Else", other, "--gate", "none").code == 2
    assert cli("enroll", "Somebody Else", other, "--gate", "off").code == 0


def test_a_face_unlike_the_persons_own_is_refused(cli: Cli, collins: str, hopper: Path) -> None:
    ran = cli("enroll", collins, hopper, "--json")
    assert (ran.code, [each["code"] for each in ran.document["refused"]]) == (5, ["unlike_own_samples"])


def test_without_crops_nothing_can_be_embedded_again(
    cli: Cli, astronaut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("enroll", "Eileen Collins", astronaut, "--no-crops").code == 0
    assert "no_crop: " in cli("gallery", "check").out
    assert cli("identify", astronaut, *THRESHOLD).code == 0
    monkeypatch.setenv("FACENET_APP_MIRROR", "1")
    ran = cli("gallery", "reembed")
    assert ran.code == 5
    assert "1 of 1 samples have no crop to embed again, so nothing was changed" in ran.err
