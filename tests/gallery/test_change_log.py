"""The change log: whoever applies it to what they had knows what a fresh look at the tables gives."""

from collections.abc import Iterator

import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from facenet_app.errors import GalleryError
from facenet_app.gallery import changelog
from facenet_app.gallery.changelog import ChangeKind, changes_after
from facenet_app.gallery.schema import changes, gallery, identities, samples
from facenet_app.gallery.store import GalleryStore

State = dict[int, tuple[str, str]]
"""Sample number -> id of the sample and name of its owner."""


class Follower:
    """Keeps a state in step by the log alone, as a search index does."""

    def __init__(self, store: GalleryStore) -> None:
        self._store = store
        self.loads = -1  # the first one does not count
        self.revision = -1
        self.state: State = {}
        self.follow()

    def follow(self) -> None:
        with self._store._database._engine.begin() as connection:
            new = changes_after(connection, self.revision) if self.loads >= 0 else None
            if new is None:
                self.loads += 1
                self.state = fresh(connection)
            else:
                touched = {change.sample_number for change in new}
                renamed = {change.identity_id for change in new if change.kind is ChangeKind.RENAMED}
                now = fresh(connection, touched, renamed)
                self.state = {k: v for k, v in self.state.items() if k not in touched} | now
            self.revision = connection.execute(select(gallery.c.revision)).scalar_one()


def fresh(
    connection: Connection, numbers: set[int | None] | None = None, owners: set[str | None] | None = None
) -> State:
    query = select(samples.c.number, samples.c.id, identities.c.name).join(identities)
    if numbers is not None:
        query = query.where(samples.c.number.in_(numbers) | samples.c.identity_id.in_(owners or set()))
    return {number: (sample_id, name) for number, sample_id, name in connection.execute(query)}


def all_of(store: GalleryStore) -> State:
    with store._database._engine.begin() as connection:
        return fresh(connection)


def kinds(store: GalleryStore, revision: int) -> list[str]:
    with store._database._engine.begin() as connection:
        return [change.kind.value for change in changes_after(connection, revision) or ()]


names = st.sampled_from(["Anna", "Bea", "Cleo"])
steps = st.one_of(
    st.tuples(st.just("add"), names, st.integers(0, 11)),
    st.tuples(st.just("rename"), names, names),
    st.tuples(st.just("remove"), names),
    st.tuples(st.just("follow")),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GalleryStore]:
    path = tmp_path_factory.mktemp("log") / "gallery.db"
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        yield store


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=12))
def test_following_the_log_gives_what_reading_everything_gives(
    shared: GalleryStore, story: list[tuple[str | int, ...]]
) -> None:
    follower = Follower(shared)
    for what, *how in story:
        try:
            if what == "add":
                shared.add(str(how[0]), [draft(int(how[1])), draft(100 + int(how[1]))])
            elif what == "rename":
                shared.rename(str(how[0]), str(how[1]), merge=True)
            elif what == "remove":
                shared.remove(str(how[0]))
            else:
                follower.follow()
        except GalleryError:  # unknown names and pictures that are enrolled already change nothing
            continue
    follower.follow()
    assert follower.state == all_of(shared)
    assert follower.loads == 0


def test_each_write_says_what_it_did(store: GalleryStore) -> None:
    store.add("Anna", [draft(1), draft(2)])
    store.add("Bea", [draft(3)])
    assert kinds(store, 0) == ["sample_added"] * 3
    store.rename("Anna", "Ann")
    assert kinds(store, 2) == ["renamed"]
    store.rename("Bea", "Ann", merge=True)
    assert kinds(store, 3) == ["sample_moved"]
    store.remove("Ann")
    assert kinds(store, 4) == ["sample_removed"] * 3
    assert kinds(store, 5) == []


def test_nobody_who_was_removed_is_named(store: GalleryStore) -> None:
    anna, _ = store.add("Anna", [draft(1)])
    bea, _ = store.add("Bea", [draft(2)])
    store.rename("Anna", "Ann")
    store.rename("Ann", "Bea", merge=True)
    store.remove("Bea")
    with store._database._engine.begin() as connection:
        named = set(connection.execute(select(changes.c.identity_id)).scalars())
    assert named.isdisjoint({anna.id, bea.id})


def test_a_reembedding_makes_everybody_load_anew(store: GalleryStore) -> None:
    store.add("Anna", [draft(1)])
    follower = Follower(store)
    store.reembed("net-b", "net-b:1", embed_differently)
    follower.follow()
    assert (follower.loads, follower.state) == (1, all_of(store))


def test_a_long_log_is_cut_and_late_readers_load_anew(
    store: GalleryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changelog, "MOST_ROWS", 10)
    late, recent = Follower(store), Follower(store)
    for seed in range(8):
        store.add(f"Person {seed}", [draft(10 * seed + part) for part in range(3)])
        recent.follow()
    late.follow()
    assert (late.loads, recent.loads) == (1, 0)
    assert late.state == recent.state == all_of(store)
    with store._database._engine.begin() as connection:
        assert len(connection.execute(select(changes.c.number)).all()) <= 10


def test_a_write_longer_than_the_log(store: GalleryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "MOST_ROWS", 10)
    follower = Follower(store)
    store.add("Anna", [draft(seed) for seed in range(30)])
    follower.follow()
    assert (follower.loads, follower.state) == (1, all_of(store))


def test_an_undone_write_leaves_no_row(store: GalleryStore) -> None:
    store.add("Anna", [draft(1)])
    with pytest.raises(GalleryError):
        store.add("Bea", [draft(2), draft(1)])
    assert kinds(store, 1) == []
