"""Crashes of a writer by the dozen, each followed by a look at what is left. ::

    PYTHONPATH=tests/gallery python tests/gallery/crash_runs.py kills GALLERY 200 1

Run in a process of its own: writers are forked, which needs one without threads. Prints counts as JSON, and
ends with an AssertionError if the gallery is not as it must be.
"""

import json
import os
import random
import resource
import shutil
import signal
import sys
import time
from pathlib import Path

from crashes import Heard, People, after, apply, changes, found, kill, opened, same, writer
from server_crashes import mortal_server

from facenet_app.domain import Place, place_of
from facenet_app.errors import GalleryError

ALL, ADDING = "aaarmx", "a"
"""Kinds of changes, see :func:`crashes.changes`."""


def kills(gallery: Place, often: int, seed: int) -> dict[str, int]:
    """Kill a writer at random points (SIGKILL); each goes on with what the one before has left."""
    rng, people = random.Random(seed), People()
    counts = {"kills": 0, "acknowledged": 0, "kept": 0, "left_out": 0}
    for number in range(often):
        with writer(gallery, people, number, ALL) as (pid, hear):
            hear(rng.randint(1, 6))
            time.sleep(rng.uniform(0, 0.03))  # into the middle of something
            kill(pid)
            heard = hear(-1)
        people = counted(counts, heard, people, found(gallery))
    return counts


def server_kills(folder: Path, often: int, seed: int) -> dict[str, int]:
    """Kill a server of its own in ``folder`` at random points, and its client; both start again."""
    rng, people = random.Random(seed), People()
    counts = {"kills": 0, "acknowledged": 0, "kept": 0, "left_out": 0}
    with mortal_server(folder) as server:
        for number in range(often):
            with writer(server.address, people, number, ALL) as (pid, hear):
                hear(rng.randint(1, 4))
                time.sleep(rng.uniform(0, 0.03))  # into the middle of something
                server.kill()
                kill(pid)
                heard = hear(-1)
            server.start_again()
            people = counted(counts, heard, people, found(server.address))
    return counts


def counted(counts: dict[str, int], heard: Heard, before: People, people: People) -> People:
    """The people that are there, if they can be after what was heard of the writer."""
    states = heard.possible(before)
    matching = [same(people, state) for state in states]
    assert any(matching), (states, people)
    counts["kills"] += 1
    counts["acknowledged"] += len(heard.done)
    if heard.begun is not None:
        counts["left_out" if matching[0] else "kept"] += 1
    return people


def power_cuts(gallery: Path, often: int, seed: int) -> dict[str, int]:
    """Stop a writer at random points and copy its files: what a disk holds when the power goes.

    The shared-memory file may be missing or full of anything then. What was written to the log after the
    last acknowledged change need not have reached the disk: it is cut off or spoiled in some copies.
    """
    rng = random.Random(seed)
    counts = {"copies": 0, "acknowledged": 0, "spoiled": 0}
    for number in range(often):
        kinds = rng.choice([ALL, ADDING])
        source = gallery.with_name(f"source-{number}.db")
        with writer(source, {}, number, kinds) as (pid, hear):
            hear(rng.randint(1, 8))
            time.sleep(rng.uniform(0, 0.03))
            os.kill(pid, signal.SIGSTOP)
            os.waitid(os.P_PID, pid, os.WSTOPPED)
            heard = hear(-1)
            for way in ("as it is", "no shared memory", "spoiled shared memory", "spoiled log"):
                copy = gallery.with_name(f"copy-{number}-{counts['copies']}.db")
                _copied(source, copy, way != "no shared memory")
                if way == "spoiled shared memory":
                    shared = Path(f"{copy}-shm")
                    shared.write_bytes(rng.randbytes(shared.stat().st_size))
                if way == "spoiled log" and kinds == ADDING:  # what removes rewrites the log from its start
                    counts["spoiled"] += _spoil(Path(f"{copy}-wal"), heard.log_bytes, rng)
                people = found(copy)
                assert any(same(people, state) for state in heard.possible({})), (way, heard, people)
                counts["copies"] += 1
        counts["acknowledged"] += len(heard.done)
    return counts


def _copied(source: Path, copy: Path, shared_memory: bool) -> None:
    for tail in ("", "-wal", *(["-shm"] if shared_memory else [])):
        if Path(f"{source}{tail}").exists():
            shutil.copy(f"{source}{tail}", f"{copy}{tail}")


def _spoil(log: Path, sound: int, rng: random.Random) -> bool:
    """Cut or change what comes after the first ``sound`` bytes; False if there is nothing."""
    data = bytearray(log.read_bytes())
    if len(data) <= sound:
        return False
    place = rng.randrange(sound, len(data))
    log.write_bytes(data[:place] if rng.random() < 0.5 else data[:place] + rng.randbytes(len(data) - place))
    return True


def full_disks(gallery: Path, often: int, seed: int) -> dict[str, int]:
    """Write to new galleries until no file may grow further: now the log does not fit, now the file."""
    limits = range(200_000, 300_000, 100_000 // often)
    people = [_full_disk(gallery.with_name(f"full-{limit}.db"), limit, seed) for limit in limits]
    return {"disks": len(people), "fewest_people": min(people)}


def _full_disk(gallery: Path, limit: int, seed: int) -> int:
    """Write until no file may grow further (RLIMIT_FSIZE), then make room and write on; how many fit."""
    people = People()
    with opened(gallery) as store:
        waiting = changes({}, seed, ADDING)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        for change in waiting:
            try:
                apply(store, change)
            except GalleryError as error:
                said = str(error)
                break
            people = after(people, change)
        assert "disk is full" in said or "disk failed" in said
        assert {who.name for who in store.identities()} == people.keys()
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        apply(store, change)
        people = after(people, change)
    assert same(found(gallery), people)
    return len(people)


if __name__ == "__main__":
    what, where, count, chance = sys.argv[1:]
    run = {
        "kills": kills,
        "server_kills": server_kills,
        "power_cuts": power_cuts,
        "full_disks": full_disks,
    }[what]
    print(json.dumps(run(place_of(where), int(count), int(chance))))  # type: ignore[operator]  # tests are not checked
