"""What another model would change, beside a loop over all samples."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from drafts import FINGERPRINT, crop, draft
from numpy.typing import NDArray

from facenet_app.comparison.distance import centroids
from facenet_app.domain import Embedding, FaceCrop, OperatingPoint, Quality, SampleDraft
from facenet_app.errors import GalleryError
from facenet_app.gallery.changeover import Trial, compare_models
from facenet_app.gallery.store import GalleryStore
from facenet_app.gallery.upkeep import utc_now

NEW = "net-b:77"
OLD_AT, NEW_AT = 0.25, 0.2


def trial(model: str, fingerprint: str, threshold: float) -> Trial:
    return Trial(model, OperatingPoint(threshold, fingerprint, target_fmr=1e-3))


TRIALS = trial("net-a", FINGERPRINT, OLD_AT), trial("net-b", NEW, NEW_AT)


def angle(degrees: float) -> NDArray[np.float32]:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


class TwoModels:
    """Both put faces on a circle; where, is said by the seed of the crop."""

    def __init__(self) -> None:
        self.old: dict[int, float] = {}
        self.new: dict[int, float] = {}

    def draft(self, old: float, new: float) -> SampleDraft:
        seed = len(self.old)
        self.old[seed], self.new[seed] = old, new
        digest = hashlib.sha256(str(seed).encode()).hexdigest()
        return SampleDraft(Embedding(angle(old), FINGERPRINT), crop(seed), Quality(40, 3), digest)

    def embed(self, crops: Sequence[FaceCrop]) -> NDArray[np.float32]:
        seeds = {crop(seed).pixels.tobytes(): seed for seed in self.old}
        return np.stack([angle(self.new[seeds[each.pixels.tobytes()]]) for each in crops])


def slowly(world: dict[str, list[NDArray[np.float32]]], threshold: float) -> dict[str, list[str]]:
    """Outcomes of everybody's samples, one by one."""
    found: dict[str, list[str]] = {}
    for name, own in world.items():
        found[name] = []
        for number, probe in enumerate(own):
            gallery = {other: theirs for other, theirs in world.items() if other != name}
            rest = own[:number] + own[number + 1 :]
            if rest:
                gallery[name] = rest
            far = {
                other: float(np.linalg.norm(probe - centroids(np.array(theirs), np.array([0]))[0]))
                for other, theirs in gallery.items()
            }
            who = min(far, key=lambda other: far[other], default="")
            if not far or far[who] > threshold:
                found[name].append("missed" if rest else "unknown")
            else:
                found[name].append("recognized" if who == name else "confused")
    return found


def test_agrees_with_the_loop(store: GalleryStore) -> None:
    rng = np.random.default_rng(2)
    models = TwoModels()
    old: dict[str, list[NDArray[np.float32]]] = {}
    new: dict[str, list[NDArray[np.float32]]] = {}
    ids: dict[str, list[str]] = {}
    for number in range(12):
        name = f"P {number:02d}"
        at, then = rng.uniform(0, 360, 2)
        angles = [(at + rng.normal() * 9, then + rng.normal() * 9) for _ in range(rng.integers(1, 5))]
        _, samples = store.add(name, [models.draft(*each) for each in angles])
        old[name] = [angle(first) for first, _ in angles]
        new[name] = [angle(second) for _, second in angles]
        ids[name] = [sample.id for sample in samples]
    found = store.try_model(*TRIALS, models.embed)
    was, becomes = slowly(old, OLD_AT), slowly(new, NEW_AT)
    for outcomes, counted in ((was, found.before), (becomes, found.after)):
        together = [each for theirs in outcomes.values() for each in theirs]
        for outcome in ("recognized", "missed", "confused", "unknown"):
            assert getattr(counted, outcome) == together.count(outcome), outcome
            assert getattr(counted, outcome) > 0, "the world has to have every outcome"
    changed = {person.name: person for person in found.people}
    assert list(changed) == sorted(name for name in was if was[name] != becomes[name])
    for name, person in changed.items():
        to = {
            outcome: {
                sample
                for sample, first, second in zip(ids[name], was[name], becomes[name], strict=True)
                if first != second == outcome
            }
            for outcome in ("recognized", "missed", "confused")
        }
        assert set(person.newly_recognized) == to["recognized"]
        assert set(person.newly_missed) == to["missed"]
        assert set(person.newly_confused) == to["confused"]
        assert bool(person.confused_with) == bool(to["confused"])


def test_nothing_is_decided_otherwise_before_the_real_run(store: GalleryStore) -> None:
    models = TwoModels()
    store.add("Anna", [models.draft(0, 0), models.draft(10, 10)])
    store.add("Bea", [models.draft(90, 3), models.draft(100, 5)])
    before = store.index().search(Embedding(angle(2), FINGERPRINT), 5)
    found = store.try_model(*TRIALS, models.embed)
    assert (found.before.recognized, found.before.confused) == (4, 0)
    assert found.after.confused > 0
    assert found.to_dict()["people"][0]["confused_with"] == ["Bea"]
    assert store.fingerprint == FINGERPRINT
    assert store.index().search(Embedding(angle(2), FINGERPRINT), 5) == before
    assert store.check() == []


def test_the_real_run_afterwards_embeds_nothing_again(store: GalleryStore) -> None:
    models = TwoModels()
    store.add("Anna", [models.draft(0, 50), models.draft(10, 60)])
    store.try_model(*TRIALS, models.embed)

    def never(crops: Sequence[FaceCrop]) -> NDArray[np.float32]:
        raise AssertionError("computed again")

    assert store.reembed("net-b", NEW, never) == 2
    assert store.index().search(Embedding(angle(55), NEW), 1)[0].distance == pytest.approx(0, abs=1e-6)


def test_an_empty_gallery_and_one_without_the_new_embeddings(store: GalleryStore) -> None:
    found = store.try_model(*TRIALS, TwoModels().embed)
    assert (found.samples, found.people) == (0, ())
    store.add("Anna", [draft(1)])
    with pytest.raises(GalleryError, match="run the command again"):
        compare_models(store._database, *TRIALS, utc_now())


def test_a_sample_without_a_crop_stops_it(store: GalleryStore) -> None:
    store.add("Anna", [draft(1, keep_crop=False)])
    with pytest.raises(GalleryError, match="1 of 1 samples have no crop"):
        store.try_model(*TRIALS, TwoModels().embed)
