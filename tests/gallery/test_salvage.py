"""Salvage: whatever is wrong with a file, what is saved was there, and what can be read is saved."""

import random
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from drafts import FINGERPRINT, MODEL, crop, draft
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facenet_app.domain import SampleDraft
from facenet_app.errors import GalleryError, UsageError, WrongKey
from facenet_app.gallery.keys import GalleryKeys, create_key_file
from facenet_app.gallery.restore import restore_gallery
from facenet_app.gallery.salvage import Salvaged, salvage
from facenet_app.gallery.store import GalleryStore

PEOPLE, PAGE = 40, 4096
HARMLESS = {"no_crop", "no_samples"}

Samples = dict[tuple[str, str, str], tuple[Any, ...]]


def with_large_crop(seed: int) -> SampleDraft:
    """A crop of several pages."""
    plain = draft(seed)
    return SampleDraft(plain.embedding, crop(seed, 56), plain.quality, plain.content_sha256)


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("master") / "gallery.db"
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        for seed in range(PEOPLE):
            drafts = [draft(2 * seed), with_large_crop(2 * seed + 1)]
            store.add(f"Person {seed:02d} {'x' * (seed % 60)}", drafts)
    return path


def held(path: Path) -> tuple[dict[str, str], Samples]:
    """Names by id; samples by id, owner and picture, with everything else of them."""
    with GalleryStore.open(path, model=MODEL, fingerprint=None) as store:
        people = store.identities()
        return {who.id: who.name for who in people}, {
            (each.id, who.id, each.content_sha256): (
                each.embedding.vector.tobytes(),
                each.quality,
                each.enrolled_at,
                each.crop and each.crop.pixels.tobytes(),
            )
            for who in people
            for each in store.samples(who.id)
        }


@pytest.fixture(scope="module")
def original(master: Path) -> tuple[dict[str, str], Samples]:
    return held(master)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    return tmp_path / "damaged.db"


def pages_of(path: Path, name: str, kind: str = "leaf") -> list[int]:
    """The numbers of a tree's pages, the root's first; ``leaf`` or ``interior``."""
    content = path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (root,) = connection.execute(query, [name]).fetchone() or (1,)

    def walk(number: int) -> list[tuple[int, bool]]:
        start = (number - 1) * PAGE + (100 if number == 1 else 0)
        leaf = content[start] in (10, 13)
        found = [(number, leaf)]
        if not leaf:
            cells = int.from_bytes(content[start + 3 : start + 5], "big")
            page = (number - 1) * PAGE
            at = [
                int.from_bytes(content[start + 12 + 2 * i : start + 14 + 2 * i], "big") for i in range(cells)
            ]
            children = [int.from_bytes(content[page + i : page + i + 4], "big") for i in at]
            children.append(int.from_bytes(content[start + 8 : start + 12], "big"))
            found += [each for child in children for each in walk(child)]
        return found

    return [number for number, leaf in walk(root) if leaf == (kind == "leaf")]


def with_page(content: bytes, number: int, new: bytes) -> bytes:
    return content[: (number - 1) * PAGE] + new + content[number * PAGE :]


def saved(
    damaged: Path, content: bytes, original: tuple[dict[str, str], Samples]
) -> tuple[Salvaged, Samples]:
    """Salvage these bytes: nothing is there that was not, nothing has another owner."""
    damaged.write_bytes(content)
    target = damaged.with_name("saved.db")
    done = salvage(damaged, target, overwrite=True)
    people, samples = held(target)
    assert people.items() <= original[0].items()
    assert samples.keys() <= original[1].keys()
    assert (done.people, done.samples) == (len(people), len(samples))
    with GalleryStore.open(target, model=MODEL, fingerprint=None) as store:
        assert {finding.code for finding in store.check()} <= HARMLESS
        store.index()
    assert damaged.read_bytes() == content
    return done, samples


def test_of_a_sound_file_everything(master: Path, damaged: Path, original: Any) -> None:
    done, samples = saved(damaged, master.read_bytes(), original)
    assert samples == original[1]
    assert (done.people, done.losses, done.model) == (PEOPLE, (), MODEL)


@pytest.mark.parametrize(
    "index", ["ix_samples_identity_id", "sqlite_autoindex_samples_1", "sqlite_autoindex_identities_2"]
)
@pytest.mark.parametrize("fill", [0, 255])
def test_a_damaged_index_costs_nothing(
    master: Path, damaged: Path, original: Any, index: str, fill: int
) -> None:
    content = master.read_bytes()
    for page in pages_of(master, index):
        content = with_page(content, page, bytes([fill]) * PAGE)
    done, samples = saved(damaged, content, original)
    assert samples == original[1]
    assert done.losses == ()


@pytest.mark.parametrize("which", [0, 3, -1])
def test_a_damaged_page_of_samples_costs_those_on_it(
    master: Path, damaged: Path, original: Any, which: int
) -> None:
    page = pages_of(master, "samples")[which]
    done, samples = saved(damaged, with_page(master.read_bytes(), page, bytes(PAGE)), original)
    assert done.people == PEOPLE
    gone = len(original[1]) - len(samples)
    assert 1 <= gone <= 30
    assert all(samples[key] == original[1][key] for key in samples)
    # The index of owners still knows whose they were.
    assert sum(loss.count for loss in done.losses if loss.code == "sample" and loss.name) == gone


def test_a_damaged_page_of_people_costs_them_and_their_samples(
    master: Path, damaged: Path, original: Any
) -> None:
    page = pages_of(master, "identities")[1]
    done, samples = saved(damaged, with_page(master.read_bytes(), page, bytes(PAGE)), original)
    lost = PEOPLE - done.people
    assert 1 <= lost < PEOPLE
    assert len(samples) == 2 * done.people
    counts = {(loss.code, loss.name is None): loss.count for loss in done.losses}
    assert counts["sample_of_nobody", True] == 2 * lost
    assert sum(loss.count for loss in done.losses if loss.code == "person") == lost


def test_a_torn_crop_costs_the_crop(master: Path, damaged: Path, original: Any) -> None:
    content = master.read_bytes()
    with closing(sqlite3.connect(master)) as connection:
        (png,) = connection.execute("SELECT crop FROM crops WHERE sample_number = 2").fetchone()
    at = content.index(png[-3000:-2000])
    done, samples = saved(damaged, with_page(content, at // PAGE + 1, b"\xff" * PAGE), original)
    assert done.people == PEOPLE
    assert len(samples) == len(original[1])
    assert sum(value[3] is None for value in samples.values()) == 1
    assert [(loss.code, loss.count) for loss in done.losses] == [("crop", 1)]


@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_a_file_that_ends_early(master: Path, damaged: Path, original: Any, share: float) -> None:
    damaged.write_bytes(master.read_bytes())
    with closing(sqlite3.connect(damaged)) as connection:
        connection.execute("VACUUM")  # people before samples, in order, and the list of tables at the end
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = damaged.read_bytes()
    done, samples = saved(damaged, content[: int(len(content) * share)], original)
    assert done.people == PEOPLE
    assert len(samples) >= share * len(original[1]) - 15


@pytest.mark.parametrize("header", [bytes(100), b"\xff" * 100])
def test_a_destroyed_header(master: Path, damaged: Path, original: Any, header: bytes) -> None:
    _, samples = saved(damaged, header + master.read_bytes()[100:], original)
    assert samples == original[1]


@pytest.mark.parametrize("vacuumed", [False, True])
@pytest.mark.parametrize("page", [1, None])
def test_a_lost_list_of_tables(
    master: Path, damaged: Path, original: Any, vacuumed: bool, page: int | None
) -> None:
    """It takes several pages; each of them is needed for all tables."""
    damaged.write_bytes(master.read_bytes())
    with closing(sqlite3.connect(damaged)) as connection:
        if vacuumed:
            connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    lost = page or pages_of(damaged, "sqlite_schema")[0]
    done, samples = saved(damaged, with_page(damaged.read_bytes(), lost, bytes(PAGE)), original)
    assert samples == original[1]
    assert (done.people, done.model, done.losses) == (PEOPLE, MODEL, ())


def test_the_row_that_names_the_model(master: Path, damaged: Path, original: Any) -> None:
    page = pages_of(master, "gallery")[0]
    done, samples = saved(damaged, with_page(master.read_bytes(), page, bytes(PAGE)), original)
    assert samples == original[1]
    assert done.model == "unknown"


def test_what_is_in_the_log_counts(master: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "gallery.db"
    path.write_bytes(master.read_bytes())
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("In The Log", [draft(5000)])
        for name in ("gallery.db", "gallery.db-wal"):
            (tmp_path / name).write_bytes((tmp_path / "a" / name).read_bytes())
    done = salvage(tmp_path / "gallery.db", tmp_path / "new.db")
    assert done.people == PEOPLE + 1
    assert not (tmp_path / "gallery.db-shm").exists()


def test_values_that_cannot_be_what_they_claim(master: Path, damaged: Path, original: Any) -> None:
    """As a fault in memory would leave them, with sound pages around them."""
    damaged.write_bytes(master.read_bytes())
    faults = [
        "UPDATE identities SET name = 'Somebody Else' WHERE rowid = 1",
        "UPDATE identities SET enrolled_at = 'yesterday' WHERE rowid = 2",
        "UPDATE samples SET embedding = zeroblob(64) WHERE number = 11",
        "UPDATE samples SET dimension = 'x' WHERE number = 13",
        "UPDATE samples SET fingerprint = 'net-z' WHERE number = 15",
        "UPDATE samples SET reasons = '[[' WHERE number = 17",
        "UPDATE samples SET sharpness = 'very' WHERE number = 19",
        "UPDATE samples SET identity_id = 'nobody' WHERE number = 21",
        "UPDATE crops SET crop = x'89504e47' WHERE sample_number = 23",
        "UPDATE samples SET content_sha256 = 'x' WHERE number = 25",
        "UPDATE samples SET enrolled_at = 5 WHERE number = 27",
    ]
    with closing(sqlite3.connect(damaged)) as connection:
        for fault in faults:
            connection.execute(fault)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    done, samples = saved(damaged, damaged.read_bytes(), original)
    assert done.people == PEOPLE - 2
    assert len(samples) == len(original[1]) - 4 - 8
    assert {(loss.code, loss.name is None): loss.count for loss in done.losses if loss.name is None} == {
        ("sample_of_nobody", True): 5
    }
    named = {(loss.code, loss.name) for loss in done.losses if loss.name}
    assert ("sample", original_name(original, 5)) in named
    assert ("crop", original_name(original, 11)) in named


def original_name(original: tuple[dict[str, str], Samples], seed: int) -> str:
    return next(name for name in original[0].values() if name.startswith(f"Person {seed:02d}"))


def test_something_else(tmp_path: Path) -> None:
    for content in (b"", b"x" * 10_000, bytes(20_000)):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(GalleryError, match="can be read"):
            salvage(tmp_path / "other", tmp_path / "new.db")
    with pytest.raises(GalleryError, match="no gallery at"):
        salvage(tmp_path / "missing", tmp_path / "new.db")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_the_new_file_is_for_the_owner_and_overwrites_nothing(master: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.db"
    salvage(master, target)
    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="there already"):
        salvage(master, target)
    with pytest.raises(UsageError, match="the gallery itself"):
        salvage(master, master, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["new.db"]


def test_what_was_saved_can_take_the_place_of_the_damaged_file(
    master: Path, damaged: Path, original: Any
) -> None:
    page = pages_of(master, "samples")[2]
    ruin = with_page(master.read_bytes(), page, bytes(PAGE))
    _, samples = saved(damaged, ruin, original)
    done = restore_gallery(damaged, damaged.with_name("saved.db"))
    assert held(damaged)[1] == samples
    assert done.replaced is not None
    assert done.replaced.stat().st_size == len(ruin)


@pytest.fixture
def sealed(master: Path, tmp_path: Path) -> tuple[Path, GalleryKeys]:
    """The same people, encrypted."""
    path, key = tmp_path / "sealed.db", tmp_path / "gallery.key"
    path.write_bytes(master.read_bytes())
    create_key_file(key)
    with GalleryStore.open(path, model=MODEL, fingerprint=None) as store:
        store.encrypt(GalleryKeys(key))
    return path, GalleryKeys(key)


def test_an_encrypted_gallery_stays_so(
    sealed: tuple[Path, GalleryKeys], tmp_path: Path, original: Any
) -> None:
    path, keys = sealed
    page = pages_of(path, "samples")[2]
    path.write_bytes(with_page(path.read_bytes(), page, bytes(PAGE)))
    with pytest.raises(WrongKey):
        salvage(path, tmp_path / "new.db")
    done = salvage(path, tmp_path / "new.db", keys=keys)
    assert done.people == PEOPLE
    assert 1 <= len(original[1]) - done.samples <= 30
    content = (tmp_path / "new.db").read_bytes()
    assert b"Person" not in content
    with GalleryStore.open(tmp_path / "new.db", model=MODEL, fingerprint=None).unlock(keys) as store:
        assert {who.id: who.name for who in store.identities()} == original[0]
        assert {finding.code for finding in store.check()} <= HARMLESS


def test_of_an_encrypted_gallery_no_wrong_bit_passes(
    sealed: tuple[Path, GalleryKeys], tmp_path: Path, original: Any
) -> None:
    path, keys = sealed
    with closing(sqlite3.connect(path)) as connection:
        for table, column, row in (("samples", "embedding", 5), ("crops", "crop", 7)):
            (stored,) = connection.execute(f"SELECT {column} FROM {table} WHERE rowid = {row}").fetchone()
            changed = stored[:20] + bytes([stored[20] ^ 1]) + stored[21:]
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = {row}", [changed])
        connection.commit()
    done = salvage(path, tmp_path / "new.db", keys=keys)
    assert done.samples == len(original[1]) - 1
    assert sorted(loss.code for loss in done.losses) == ["crop", "sample"]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), kind=st.sampled_from(["bytes", "zeros", "noise", "cut", "swap"]))
def test_whatever_is_damaged_nothing_is_invented(
    master: Path, damaged: Path, original: Any, seed: int, kind: str
) -> None:
    rng = random.Random(seed)
    content = bytearray(master.read_bytes())
    pages = len(content) // PAGE
    changed = rng.choice([1, 5, 40])
    if kind == "bytes":
        for _ in range(changed):
            content[rng.randrange(len(content))] = rng.randrange(256)
    elif kind == "cut":
        del content[rng.randrange(len(content)) :]
    elif kind == "swap":
        one, two = (PAGE * rng.randrange(pages) for _ in range(2))
        content[one : one + PAGE], content[two : two + PAGE] = (
            content[two : two + PAGE],
            content[one : one + PAGE],
        )
    else:
        start = rng.randrange(len(content))
        size = min(rng.choice([16, 512, 20_000]), len(content) - start)
        content[start : start + size] = bytes(size) if kind == "zeros" else rng.randbytes(size)
    with suppress(GalleryError):
        _, samples = saved(damaged, bytes(content), original)
        # A wrong bit inside a number, a time or a vector cannot be seen; each is one of those changed.
        different = sum(value != (*original[1][key][:3], value[3]) for key, value in samples.items())
        assert different <= (changed if kind == "bytes" else 1)
