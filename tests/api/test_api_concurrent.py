"""Many clients at once: right answers, refusals that say so, and nothing lost when the server stops."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import requests

CLOSE = 1e-4


class Gate:
    """An engine in front of the real one that lets nobody through until it is opened."""

    device = "cpu"

    def __init__(self, engine: Any) -> None:
        self.engine, self.name = engine, engine.name
        self.open, self.entered = threading.Event(), threading.Event()

    def run(self, crops: Any) -> Any:
        self.entered.set()
        assert self.open.wait(30)
        return self.engine.run(crops)


def gated(api) -> Gate:
    """Put a gate between the batches of a server and the network."""
    batching = api.application.engine
    batching._engine = gate = Gate(batching._engine)
    return gate


def ask(api, **more: Any) -> requests.Response:
    """From a connection of its own."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(f"{api.address}/api/v1/verify", timeout=60, **more)


def test_everybody_gets_their_own_answer(api, pictures) -> None:
    pairs = [(first, second) for first in pictures for second in pictures]

    def compared(pair: tuple[str, str]) -> dict[str, Any]:
        answer = ask(api, files={"probe": pictures[pair[0]], "reference": pictures[pair[1]]})
        document: dict[str, Any] = answer.json()
        return document

    alone = {pair: compared(pair) for pair in pairs}
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(compared, pairs * 5))
    for pair, document in zip(pairs * 5, together, strict=True):
        expected = alone[pair]
        assert document["decision"] == expected["decision"]
        np.testing.assert_allclose(document["distance"], expected["distance"], atol=CLOSE)


def test_one_client_s_bad_picture_is_no_other_s_trouble(api, pictures, blank_picture: bytes) -> None:
    good = {"probe": pictures["collins"], "reference": pictures["collins"]}
    bad = {"probe": pictures["collins"], "reference": blank_picture}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda files: ask(api, files=files), [good, bad] * 8))
    assert Counter(answer.status_code for answer in answers) == {200: 8, 422: 8}


def test_a_full_queue_answers_503_and_recovers(start_api, pictures) -> None:
    api = start_api(queue=2, workers=2)
    gate = gated(api)
    pair = {"probe": pictures["collins"], "reference": pictures["hopper"]}
    with ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(ask, api, files=pair) for _ in range(2)]
        while api.application.backend.work.taken < 2:
            pass
        refused = ask(api, files=pair)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
        assert refused.headers["Retry-After"] == "1"
        assert api.ask("GET", "/ready").status_code == 503
        assert api.ask("GET", "/health").status_code == 200
        gate.open.set()
        assert [future.result().status_code for future in taken] == [200, 200]
    assert ask(api, files=pair).status_code == 200


def test_a_request_that_takes_too_long_is_given_up(start_api, pictures) -> None:
    api = start_api(request_seconds=1.0)
    gate = gated(api)
    answer = ask(api, files={"probe": pictures["collins"], "reference": pictures["hopper"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "timed_out")
    gate.open.set()


def test_stopping_finishes_what_was_taken(start_api, pictures) -> None:
    api = start_api()
    gate = gated(api)
    pair = {"probe": pictures["collins"], "reference": pictures["hopper"]}
    with ThreadPoolExecutor(2) as pool:
        taken = pool.submit(ask, api, files=pair)
        assert gate.entered.wait(30)
        api.server.should_exit = True
        while not api.application.backend.work._closing:
            pass
        with pytest.raises(requests.ConnectionError):
            ask(api, files=pair)
        gate.open.set()
        assert taken.result().status_code == 200
    api.stop()
