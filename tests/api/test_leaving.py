"""Noticing that the client of a request has left."""

import asyncio

from own_loop import run
from starlette.requests import Request
from starlette.types import Message

from facenet_app.api.backend import leaving


async def turns() -> None:
    """Let every task run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_client_has_left_when_it_disconnects_and_not_before() -> None:
    async def scenario() -> None:
        hung_up = asyncio.Event()
        messages: list[Message] = [
            {"type": "http.request", "body": b"nobody wants this", "more_body": True},
            {"type": "http.request", "body": b"", "more_body": False},
        ]

        async def receive() -> Message:
            if messages:
                return messages.pop(0)
            await hung_up.wait()
            return {"type": "http.disconnect"}

        with leaving(Request({"type": "http"}, receive)) as gone:
            await turns()
            assert not gone()
            hung_up.set()
            await turns()
            assert gone()

    run(scenario())


def test_nothing_waits_on_when_the_answer_is_there() -> None:
    async def scenario() -> None:
        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError

        with leaving(Request({"type": "http"}, receive)) as gone:
            await turns()
            assert len(asyncio.all_tasks()) == 2
        await turns()
        assert len(asyncio.all_tasks()) == 1
        assert gone()  # cancelled

    run(scenario())
