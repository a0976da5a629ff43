"""Binding a gallery to another model."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from drafts import FINGERPRINT, MODEL, crop, draft, embed_differently
from numpy.typing import NDArray
from sqlalchemy import func, select

from facenet_app.domain import Embedding, FaceCrop, OperatingPoint, Place, Template
from facenet_app.errors import GalleryError, ModelMismatch
from facenet_app.gallery.changeover import Trial
from facenet_app.gallery.schema import fresh_embeddings
from facenet_app.gallery.store import GalleryStore

NEW = "net-b:77"

Embed = Callable[[Sequence[FaceCrop]], NDArray[np.float32]]


def state(store: GalleryStore) -> list[tuple[str, str, bytes]]:
    """Every sample: whose model, whose picture, and the vector."""
    return [
        (sample.embedding.fingerprint, sample.content_sha256, sample.embedding.vector.tobytes())
        for who in store.identities()
        for sample in store.samples(who.id)
    ]


def expected(seeds: Sequence[int]) -> list[tuple[str, str, bytes]]:
    return [(NEW, draft(seed).content_sha256, embed_differently([crop(seed)])[0].tobytes()) for seed in seeds]


def filled(store: GalleryStore, people: int = 35) -> list[int]:
    """More than two batches of samples; returns their seeds in order."""
    for seed in range(people):
        store.add(f"Person {seed:03d}", [draft(2 * seed), draft(2 * seed + 1)])
    return list(range(2 * people))


def test_every_sample_gets_the_embedding_of_its_crop(store: GalleryStore) -> None:
    seeds = filled(store)
    identities, revision, told = store.identities(), store.revision(), []
    count = store.reembed("net-b", NEW, embed_differently, lambda done, total: told.append((done, total)))
    assert count == len(seeds) == 70
    assert state(store) == expected(seeds)
    assert (store.model, store.fingerprint) == ("net-b", NEW)
    assert store.identities() == identities
    assert store.revision() > revision
    assert told == [(32, 70), (64, 70), (70, 70)]
    probe = Embedding(embed_differently([crop(3)])[0], NEW)
    (nearest,) = store.index().search(probe, 1, Template.NEAREST)
    assert (nearest.name, nearest.distance) == ("Person 001", 0.0)
    assert store.check() == []


def test_other_programs_see_all_old_or_all_new(store: GalleryStore, place: Place) -> None:
    seeds = filled(store)
    old = state(store)
    seen = []

    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as reader:

        def embed(crops: Sequence[FaceCrop]) -> NDArray[np.float32]:
            seen.append((state(reader) == old, reader.index().fingerprint))
            return embed_differently(crops)

        store.reembed("net-b", NEW, embed)
        assert seen == [(True, FINGERPRINT)] * 3
        assert state(reader) == expected(seeds)
        assert reader.index().fingerprint == NEW


def test_what_is_enrolled_and_removed_meanwhile_is_neither_lost_nor_brought_back(
    store: GalleryStore, place: Place
) -> None:
    filled(store, 20)
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as other:
        meanwhile = [
            lambda: other.add("Person 000", [draft(100)]),
            lambda: other.remove("Person 019"),  # in the second batch, of which the crops were read
            lambda: other.add("Zoe", [draft(101)]),  # while the first of the new ones is embedded
        ]

        def embed(crops: Sequence[FaceCrop]) -> NDArray[np.float32]:
            if meanwhile:
                meanwhile.pop(0)()
            return embed_differently(crops)

        assert store.reembed("net-b", NEW, embed) == 40
    assert state(store) == expected([0, 1, 100, *range(2, 38), 101])
    assert {
        sample.embedding.fingerprint for who in store.identities() for sample in store.samples(who.id)
    } == {NEW}
    assert store.check() == []


def test_afterwards_the_old_model_is_refused_everywhere(store: GalleryStore, place: Place) -> None:
    store.add("Anna", [draft(1)])
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as stale:
        store.reembed("net-b", NEW, embed_differently)
        with pytest.raises(ModelMismatch, match="reembed"):
            stale.add("Bea", [draft(2)])
        with pytest.raises(ModelMismatch, match="net-b"):
            stale.index().search(draft(1).embedding, 1)
    with pytest.raises(ModelMismatch, match="net-b"):
        GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT)
    with GalleryStore.open(place, model="net-b", fingerprint=NEW) as opened:
        assert [who.name for who in opened.identities()] == ["Anna"]


def test_an_empty_gallery_takes_the_new_model(store: GalleryStore) -> None:
    assert store.reembed("net-b", NEW, embed_differently) == 0
    assert (store.model, store.fingerprint) == ("net-b", NEW)


def test_opened_without_a_model_to_be_bound_to_another(place: Place) -> None:
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna", [draft(1)])
    with GalleryStore.open(place, model="net-b", fingerprint=None) as store:
        assert store.reembed("net-b", NEW, embed_differently) == 1
        assert state(store) == expected([1])


def test_samples_without_a_crop_are_counted_and_nothing_is_changed(store: GalleryStore) -> None:
    store.add("Anna", [draft(1), draft(2, keep_crop=False)])
    store.add("Bea", [draft(3, keep_crop=False)])
    before = (state(store), store.revision(), store.model)
    with pytest.raises(GalleryError, match="2 of 3 samples have no crop"):
        store.reembed("net-b", NEW, embed_differently)
    assert (state(store), store.revision(), store.model) == before


def test_a_sample_without_a_crop_enrolled_meanwhile_stops_it(store: GalleryStore) -> None:
    store.add("Anna", [draft(1)])

    def embed(crops: Sequence[FaceCrop]) -> NDArray[np.float32]:
        store.add("Bea", [draft(2, keep_crop=False)])
        return embed_differently(crops)

    with pytest.raises(GalleryError, match="1 of 2 samples have no crop"):
        store.reembed("net-b", NEW, embed)
    assert {fingerprint for fingerprint, _, _ in state(store)} == {FINGERPRINT}


@pytest.mark.parametrize(
    ("embed", "says"),
    [
        (lambda crops: embed_differently(crops)[1:], "0 embeddings for 1 faces"),
        (lambda crops: 2 * embed_differently(crops), "length 1"),
        (lambda crops: np.full((len(crops), 8), np.nan, np.float32), "length 1"),
    ],
)
def test_a_model_that_gives_nonsense_changes_nothing(store: GalleryStore, embed: Embed, says: str) -> None:
    store.add("Anna", [draft(1)])
    before = (state(store), store.revision(), store.model)
    with pytest.raises(GalleryError, match=says):
        store.reembed("net-b", NEW, embed)
    assert (state(store), store.revision(), store.model) == before


def test_stopped_and_called_again_it_goes_on(store: GalleryStore, path: Path) -> None:
    seeds = filled(store)
    before = (state(store), store.model)

    def stop(done: int, _total: int) -> None:
        if done > 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.reembed("net-b", NEW, embed_differently, stop)
    assert (state(store), store.model) == before
    assert store.check() == []
    embedded = []

    def embed(crops: Sequence[FaceCrop]) -> NDArray[np.float32]:
        embedded.extend(crops)
        return embed_differently(crops)

    told: list[tuple[int, int]] = []
    with GalleryStore.open(path, model="net-b", fingerprint=None) as later:
        count = later.reembed("net-b", NEW, embed, lambda *done: told.append(done))
        assert count == 70
        assert state(later) == expected(seeds)
        assert waiting(later) == 0
    assert len(embedded) == 70 - 64
    assert told == [(70, 70)]


def waiting(store: GalleryStore) -> int:
    """Embeddings that are computed and not put in yet."""
    with store._database._engine.begin() as connection:
        return int(connection.execute(select(func.count()).select_from(fresh_embeddings)).scalar_one())


def test_killed_it_goes_on(store: GalleryStore, path: Path) -> None:
    """Another process is killed after its second batch."""
    seeds = filled(store)
    program = f"""
import os, signal
from pathlib import Path
from drafts import embed_differently
from facenet_app.gallery.changeover import Trial
from facenet_app.gallery.schema import fresh_embeddings
from facenet_app.gallery.store import GalleryStore

def kill(done, total):
    if done == 64:
        os.kill(os.getpid(), signal.SIGKILL)

with GalleryStore.open(Path({str(path)!r}), model="net-b", fingerprint=None) as store:
    store.reembed("net-b", {NEW!r}, embed_differently, kill)
"""
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run([sys.executable, "-c", program], env=paths, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert waiting(store) == 64
    assert store.fingerprint == FINGERPRINT
    assert store.reembed("net-b", NEW, embed_differently) == 70
    assert state(store) == expected(seeds)


def test_what_waits_goes_with_the_person_and_with_another_new_model(store: GalleryStore) -> None:
    filled(store, 3)
    point = OperatingPoint(1.0, NEW, target_fmr=1e-3)
    old = Trial("net-a", OperatingPoint(1.0, FINGERPRINT, target_fmr=1e-3))
    store.try_model(old, Trial("net-b", point), embed_differently)
    assert waiting(store) == 6
    store.remove("Person 001")
    assert waiting(store) == 4
    other = OperatingPoint(1.0, "net-c:1", target_fmr=1e-3)
    store.try_model(old, Trial("net-c", other), embed_differently)
    with store._database._engine.begin() as connection:
        assert set(connection.execute(select(fresh_embeddings.c.fingerprint)).scalars()) == {"net-c:1"}
    assert store.check() == []
