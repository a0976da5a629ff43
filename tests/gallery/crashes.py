"""A writer that is killed, and what must be true of the gallery afterwards.

The writer says on a pipe what it begins and what is committed. After a crash the gallery must hold all
that was acknowledged, and the one change that was begun but not acknowledged wholly or not at all.
"""

import json
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drafts import FINGERPRINT, MODEL, digest, draft

from facenet_app.domain import Place
from facenet_app.gallery.store import GalleryStore

People = dict[str, list[int]]
"""Names, and the seeds of each one's drafts."""
Change = tuple[Any, ...]

NOT_SOUND = {
    *("damaged_file", "broken_reference", "no_samples", "traces_left", "damaged_embedding", "not_finite"),
    *("not_unit", "other_model", "no_crop", "damaged_crop", "broken_audit"),
}
"""Findings of ``gallery check`` that no crash may cause; others are about whom the samples show."""


def opened(gallery: Place) -> GalleryStore:
    return GalleryStore.open(gallery, model=MODEL, fingerprint=FINGERPRINT)


def after(people: People, change: Change) -> People:
    """The slow and obvious gallery."""
    kind, *values = change
    left = {name: list(seeds) for name, seeds in people.items()}
    if kind == "add":
        for name, seeds in values[0]:
            left.setdefault(name, []).extend(seeds)
    elif kind == "remove":
        del left[values[0]]
    else:  # to another name, that of somebody else perhaps
        left.setdefault(values[1], []).extend(left.pop(values[0]))
    return left


def apply(store: GalleryStore, change: Change) -> None:
    kind, *values = change
    if kind == "add":
        store.add_people([(name, [draft(seed) for seed in seeds]) for name, seeds in values[0]])
    elif kind == "remove":
        store.remove(values[0])
    else:
        store.rename(*values, merge=True)


def changes(people: People, seed: int, kinds: str) -> Iterator[Change]:
    """Changes without end; ``kinds`` are initials, one is drawn at a time."""
    rng, number = random.Random(seed), 1000 * seed
    while True:
        kind, names = rng.choice(kinds), sorted(people)
        number += 10
        if kind == "a" or len(names) < 3:
            known = rng.choice(names) if names and rng.random() < 0.3 else f"Person {number}"
            several = [(known, [number, number + 1]), (f"Other {number}", [number + 2])]
            change: Change = ("add", several[: rng.randint(1, 2)])
        elif kind == "r":
            change = ("rename", rng.choice(names), f"Renamed {number}")
        elif kind == "m":
            change = ("rename", *rng.sample(names, 2))
        else:
            change = ("remove", rng.choice(names))
        yield change
        people = after(people, change)


@dataclass
class Heard:
    """What a writer has said: ``done`` changes, and perhaps one that was begun."""

    done: list[Change] = field(default_factory=list)
    begun: Change | None = None
    log_bytes: int = 0
    """Length of the write-ahead log after the last acknowledged change."""

    def hear(self, line: bytes) -> None:
        said = json.loads(line)
        if "begin" in said:
            self.begun = tuple(said["begin"])
        else:
            assert self.begun is not None
            self.done.append(self.begun)
            self.begun, self.log_bytes = None, said["log_bytes"]

    def possible(self, people: People) -> list[People]:
        """The states that the gallery may be in."""
        for change in self.done:
            people = after(people, change)
        return [people] if self.begun is None else [people, after(people, self.begun)]


def write_for_ever(gallery: Place, people: People, seed: int, kinds: str, pipe: int) -> None:
    log = Path(f"{gallery}-wal")
    with opened(gallery) as store:
        for change in changes(people, seed, kinds):
            os.write(pipe, json.dumps({"begin": change}).encode() + b"\n")
            apply(store, change)
            size = log.stat().st_size if log.exists() else 0
            os.write(pipe, json.dumps({"log_bytes": size}).encode() + b"\n")


@contextmanager
def writer(
    gallery: Place, people: People, seed: int, kinds: str
) -> Iterator[tuple[int, Callable[[int], Heard]]]:
    """A process that writes: its id, and how to hear so many changes, or with -1 all that was said so far.

    Forked, so that hundreds take no time; nothing here has threads.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            write_for_ever(gallery, people, seed, kinds, writing)
        finally:
            os._exit(1)
    os.close(writing)
    heard, rest = Heard(), bytearray()

    def hear(count: int) -> Heard:
        os.set_blocking(reading, count >= 0)
        while count < 0 or len(heard.done) < count:
            try:
                some = os.read(reading, 65536)
            except BlockingIOError:
                break
            if not some:
                assert count < 0, "the writer ended by itself"
                break
            rest.extend(some)
            *lines, tail = bytes(rest).split(b"\n")
            rest[:] = tail
            for line in lines:
                heard.hear(line)
        return heard

    try:
        yield pid, hear
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reading)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def found(gallery: Place) -> People:
    """What the gallery holds, every sample compared with its draft bit for bit."""
    with opened(gallery) as store:
        faults = [finding for finding in store.check() if finding.code in NOT_SOUND]
        assert faults == [], faults
        people = {who.name: [seed_of(each) for each in store.samples(who.id)] for who in store.identities()}
        assert store.index().samples == sum(map(len, people.values()))
    return people


def seed_of(sample: Any) -> int:
    seed = SEEDS[sample.content_sha256]
    whole = draft(seed)
    assert sample.embedding.vector.tobytes() == whole.embedding.vector.tobytes()
    assert sample.crop.pixels.tobytes() == whole.crop.pixels.tobytes()
    return seed


class _Seeds(dict[str, int]):
    """From the digest of a draft to its seed; those of a round are made when one of them is asked for."""

    def __missing__(self, asked: str) -> int:
        while asked not in self.keys():
            start = 1000 * (len(self) // 1000)
            self.update({digest(seed): seed for seed in range(start, start + 1000)})
            assert start < 1_000_000, "a sample that nobody wrote"
        return self[asked]


SEEDS = _Seeds()


def same(first: People, second: People) -> bool:
    return {n: sorted(s) for n, s in first.items()} == {n: sorted(s) for n, s in second.items()}
