"""The tab Gallery: an archive of everybody, and bringing one in."""

from collections.abc import Callable
from pathlib import Path

import pytest
from made_people import enroll_made

from facenet_app.gallery.keys import GalleryKeys, ScryptCost
from facenet_app.service import FaceService
from facenet_app.web.moving import Archives, export_archive, import_archive, look_into_archive


class Late:
    """An end of time that is called by hand."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def __call__(self, _: float, call: Callable[[], None]) -> None:
        self.calls.append(call)


@pytest.fixture
def late() -> Late:
    return Late()


@pytest.fixture
def archives(late: Late) -> Archives:
    return Archives(600, later=late)


@pytest.fixture
def filled(service: FaceService) -> FaceService:
    enroll_made(service, "Ann <b>", 1, 2)
    enroll_made(service, "Bea", 3)
    return service


@pytest.fixture
def archive(filled: FaceService, archives: Archives, tmp_path: Path) -> Path:
    file = export_archive(filled, archives, tmp_path / "uploads").file
    assert file is not None
    return file


def test_an_archive_waits_for_a_while_and_is_deleted(filled: FaceService, tmp_path: Path, late: Late) -> None:
    from facenet_app.web import moving

    told: list[tuple[int, int]] = []
    kept = moving.kept_archives(later=late)
    answer = export_archive(filled, kept, tmp_path / "uploads", lambda *each: told.append(each))
    assert "2 people with 3 pictures" in answer.html
    assert told[-1] == (3, 3)
    assert answer.file is not None
    assert answer.file.is_file()
    assert answer.file.stat().st_mode & 0o077 == 0
    (call,) = late.calls
    call()
    assert list((tmp_path / "uploads").rglob("*")) == []


def test_what_would_happen_changes_nothing(filled: FaceService, archive: Path) -> None:
    filled.remove("Bea")
    before, revision = filled.identities(), filled.gallery.revision()
    answer = look_into_archive(filled, archive, "skip")
    assert "added: 1 · left out: 1 · 1 picture" in answer.html
    assert "<li>Ann &lt;b&gt;: left out</li>" in answer.html
    assert "<li>Bea: added</li>" in answer.html
    assert answer.total == 1
    assert (filled.identities(), filled.gallery.revision()) == (before, revision)
    assert archive.is_file()


@pytest.mark.parametrize(
    ("rule", "people", "words"),
    [
        ("skip", {"Ann <b>": 2, "Bea": 1}, "added: 1 · left out: 1"),
        ("replace", {"Ann <b>": 2, "Bea": 1}, "added: 1 · replaced: 1"),
        ("keep-both", {"Ann <b>": 2, "Bea": 1}, "added: 1 · left out: 1"),
    ],
)
def test_everybody_is_brought_in(
    filled: FaceService, archive: Path, rule: str, people: dict[str, int], words: str
) -> None:
    filled.remove("Bea")
    answer = import_archive(filled, archive, rule)
    assert words in answer.html
    assert {each.name: each.samples for each in filled.identities()} == people
    assert not archive.exists()


def test_the_same_name_with_other_pictures(filled: FaceService, archive: Path) -> None:
    filled.remove("Ann <b>")
    enroll_made(filled, "Ann <b>", 9)
    assert "<li>Ann &lt;b&gt;: added under another name, Ann &lt;b&gt; (2)</li>" in (
        look_into_archive(filled, archive, "keep-both").html
    )
    import_archive(filled, archive, "keep-both")
    assert {each.name: each.samples for each in filled.identities()} == {
        "Ann <b>": 1,
        "Ann <b> (2)": 2,
        "Bea": 1,
    }


def test_nothing_to_bring_in(filled: FaceService, archive: Path) -> None:
    answer = look_into_archive(filled, archive, "skip")
    assert answer.total == 0
    assert "left out: 2" in answer.html


def test_what_is_no_archive_is_refused_by_its_name(filled: FaceService, tmp_path: Path) -> None:
    (wrong := tmp_path / "letter.zip").write_bytes(b"Dear reader")
    for answer in (look_into_archive(filled, wrong, "skip"), import_archive(filled, wrong, "skip")):
        assert not answer.done
        assert "no zip file" in answer.html
        assert str(tmp_path) not in answer.html
    assert "an archive is needed" in look_into_archive(filled, None, "skip").html.lower()
    assert len(filled.identities()) == 2


def test_a_read_only_gallery_stays(filled: FaceService, archive: Path) -> None:
    filled.remove("Bea")
    filled.settings = filled.settings.model_copy(update={"read_only": True})
    assert look_into_archive(filled, archive, "skip").done
    assert "read-only" in import_archive(filled, archive, "skip").html
    assert len(filled.identities()) == 1


def test_an_encrypted_gallery_is_not_written_readable(
    filled: FaceService, archives: Archives, tmp_path: Path
) -> None:
    filled.gallery.encrypt(GalleryKeys(passphrase="four words of mine"), ScryptCost(2**4))
    answer = export_archive(filled, archives, tmp_path / "uploads")
    assert not answer.done
    assert "the gallery is encrypted" in answer.html.lower()
    assert not (tmp_path / "uploads").exists()
