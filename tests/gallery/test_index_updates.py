"""An index that is kept up to date is the one that would be read anew."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently, embedding

from facenet_app.domain import Candidate, Embedding, Template
from facenet_app.gallery import changelog, live_part, references
from facenet_app.gallery.index import SearchIndex
from facenet_app.gallery.live_part import LivePart, settled
from facenet_app.gallery.load import load_index
from facenet_app.gallery.part import Part
from facenet_app.gallery.store import GalleryStore


@pytest.fixture
def reader(store: GalleryStore, path: Path) -> Iterator[GalleryStore]:
    """Another process's view: its index follows the change log alone once it is loaded."""
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as opened:
        yield opened


def answers(index: SearchIndex) -> list[list[Candidate]]:
    return [
        index.search(embedding(seed), k, template)
        for seed in range(6)
        for k in (1, 4, 50)
        for template in Template
    ]


def agrees_with_a_new_one(reader: GalleryStore) -> bool:
    kept, fresh = reader.index(), load_index(reader._database, datetime.now(UTC)).index
    return (kept.people, kept.samples, answers(kept)) == (fresh.people, fresh.samples, answers(fresh))


def random_change(store: GalleryStore, rng: np.random.Generator, seed: int) -> None:
    names = [f"P {number}" for number in range(12)]
    one, other = rng.choice(names, 2, replace=False)
    here = {person.name for person in store.identities()}
    match rng.integers(6):
        case 0 if one in here:
            store.remove(one)
        case 1 if {one, other} <= here:
            store.rename(one, other, merge=True)
        case 2 if one in here and other not in here:
            store.rename(one, other)
        case _:
            store.add(one, [draft(seed + number) for number in range(rng.integers(1, 4))])


@pytest.fixture(params=[(131_072, 512, 16_384), (6, 1, 4)])
def sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int, int]:
    """Of the largest and of small parts, and from which on they have codes."""
    largest, small, coded_from = request.param
    monkeypatch.setattr(live_part, "LARGEST", largest)
    monkeypatch.setattr(live_part, "_SMALL", small)
    monkeypatch.setattr(references, "CODED_FROM", coded_from)
    return largest, small, coded_from


def test_after_any_changes_of_another_process(
    store: GalleryStore, reader: GalleryStore, sizes: tuple[int, int, int]
) -> None:
    rng = np.random.default_rng(sizes)
    for seed in range(8):
        store.add(f"P {seed}", [draft(90_000 + seed)])
    assert agrees_with_a_new_one(reader)
    for step in range(6):
        for number in range(rng.integers(1, 4)):
            random_change(store, rng, 100 * step + 10 * number)
        assert agrees_with_a_new_one(reader)


def test_a_search_that_is_under_way_goes_on_with_the_people_it_began_with(
    store: GalleryStore, reader: GalleryStore
) -> None:
    store.add("Anna", [draft(1), draft(2)])
    before = reader.index()
    store.remove("Anna")
    store.add("Bea", [draft(3)])
    assert [each.name for each in before.search(embedding(1), 5)] == ["Anna"]
    assert [each.name for each in reader.index().search(embedding(1), 5)] == ["Bea"]


def test_a_number_that_is_borne_again_by_a_later_sample(store: GalleryStore, reader: GalleryStore) -> None:
    store.add("Anna", [draft(1)])
    store.add("Bea", [draft(2)])
    assert reader.index().people == 2
    store.remove("Bea")
    store.add("Cleo", [draft(3)])  # her sample has the number that Bea's had
    assert agrees_with_a_new_one(reader)
    assert [each.name for each in reader.index().search(embedding(3), 1)] == ["Cleo"]


def test_everything_is_read_anew_after_another_model_and_where_the_log_was_cut(
    store: GalleryStore, reader: GalleryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add("Anna", [draft(1)])
    assert reader.index().people == 1
    monkeypatch.setattr(changelog, "MOST_ROWS", 2)
    for seed in range(2, 8):
        store.add(f"P {seed}", [draft(seed)])
    assert agrees_with_a_new_one(reader)
    for seed in range(2, 8):
        store.remove(f"P {seed}")
    store.reembed("net-b", "net-b:77", embed_differently)
    index = reader.index()
    assert (index.fingerprint, index.people) == ("net-b:77", 1)
    vector = embed_differently([store.samples(store.get("Anna").id)[0].crop])[0]  # type: ignore[list-item]
    assert index.search(Embedding(vector, "net-b:77"), 1)[0].name == "Anna"


def test_one_more_is_read_and_the_others_stay_where_they_are(
    store: GalleryStore, reader: GalleryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_part, "_SMALL", 1)
    for seed in range(40):
        store.add(f"P {seed}", [draft(seed)])
    before = reader.index()
    store.add("P 3", [draft(100)])
    after = reader.index()
    assert after._parts[0].part is before._parts[0].part
    assert [each.samples for each in after._parts] == [39, 2]
    assert reader.index() is after


def test_parts_stay_few_and_never_copy_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_part, "LARGEST", 200)
    monkeypatch.setattr(live_part, "_SMALL", 4)
    rng = np.random.default_rng(0)
    parts: tuple[LivePart, ...] = ()
    for number in range(600):
        vector = rng.normal(size=(1, 4)).astype(np.float32)
        name = f"{number:04d}"
        parts = settled([*parts, LivePart(Part.of(vector, [name], [name], [name]))])
        assert all(each.samples <= 200 for each in parts)
        assert len(parts) <= 4 + number // 100 + 8
    assert sum(each.people for each in parts) == 600
    for gone in range(0, 600, 2):
        parts = settled([each.without([f"{gone:04d}"]) for each in parts])
    assert sum(each.people for each in parts) == 300
    assert sum(each.part.people for each in parts) <= 600
