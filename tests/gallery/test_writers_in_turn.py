"""Writers on a server: nobody waits longer because others came later."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from drafts import FINGERPRINT, MODEL, draft
from server import Server

from facenet_app.domain import ServerUrl
from facenet_app.gallery.store import GalleryStore

pytestmark = pytest.mark.postgres

WRITERS = 6


def wait_for(admin: psycopg.Connection[Any], waiting: int) -> None:
    """Until so many of this database's connections wait for a lock."""
    deadline = time.monotonic() + 60
    ours = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    query = f"SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND {ours}"
    while admin.execute(query).fetchone() != (waiting,):  # type: ignore[call-overload]  # constants
        assert time.monotonic() < deadline, "they do not wait"
        time.sleep(0.01)


def test_writers_are_served_in_the_order_in_which_they_came(url: ServerUrl, server: Server) -> None:
    with (
        GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store,
        server.connect(url) as admin,
        ThreadPoolExecutor(WRITERS) as pool,
    ):
        jobs = []
        with store._database._write_transaction():
            for number in range(WRITERS):
                jobs.append(pool.submit(store.add, f"Person {number}", [draft(number)]))
                wait_for(admin, number + 1)
        ids = [job.result(60)[0].id for job in jobs]
        assert [entry.identity_id for entry in store.audit().entries] == ids
        assert store.check() == []
