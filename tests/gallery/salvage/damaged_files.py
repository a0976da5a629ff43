"""Damaging a gallery file page by page, and what salvage may make of it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from drafts import MODEL

from facenet_app.gallery.salvage import Salvaged, salvage
from facenet_app.gallery.store import GalleryStore

PEOPLE, PAGE = 40, 4096
HARMLESS = {"no_crop", "no_samples"}

Samples = dict[tuple[str, str, str], tuple[Any, ...]]


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
