"""The bounded queue: refusing, giving up, giving back, and finishing before it stops."""

import asyncio
import threading

import pytest
from own_loop import run

from facenet_app.api.work import MEMORY, Work
from facenet_app.errors import Overloaded, RequestError, TimedOut


def here() -> bool:
    return False


def gone() -> bool:
    return True


def test_beyond_the_queue_requests_are_refused() -> None:
    async def scenario() -> None:
        work = Work(threads=1, queue=2, seconds=20)
        async with work.take(), work.take():
            assert work.taken == 2
            with pytest.raises(Overloaded) as refused:
                async with work.take():
                    pass
            assert refused.value.retry_after == 1
        assert work.taken == 0
        async with work.take():
            pass
        work.close()

    run(scenario())


def test_so_many_are_worked_on_at_a_time() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def job() -> int:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        with lock:
            now -= 1
        return 1

    async def one(work: Work) -> int:
        async with work.take():
            return await work.run(job, here)

    async def scenario() -> None:
        work = Work(threads=2, queue=50, seconds=20)
        assert sum(await asyncio.gather(*(one(work) for _ in range(50)))) == 50
        work.close()

    run(scenario())
    assert most <= 2


def test_a_request_that_takes_too_long_keeps_its_thread_until_that_ends() -> None:
    release, started = threading.Event(), threading.Event()

    def stuck() -> None:
        started.set()
        assert release.wait(20)
        raise ValueError("nobody listens any more")

    async def scenario() -> None:
        work = Work(threads=1, queue=5, seconds=0.05)
        with pytest.raises(TimedOut, match=r"longer than 0\.05 seconds"):
            async with work.take():
                await work.run(stuck, here)
        assert started.is_set()
        assert work.taken == 0
        with pytest.raises(TimedOut):  # the only thread is still at the first one
            async with work.take():
                await work.run(lambda: None, here)
        release.set()
        work.seconds = 20
        async with work.take():
            assert await work.run(lambda: 7, here) == 7
        work.close()

    run(scenario())


def test_nothing_is_done_for_a_client_that_has_left() -> None:
    done: list[int] = []

    async def scenario() -> None:
        work = Work(threads=1, queue=5, seconds=20)
        with pytest.raises(RequestError, match="has gone"):
            async with work.take():
                await work.run(lambda: done.append(1), gone)
        async with work.take():
            await work.run(lambda: done.append(2), here)
        work.close()

    run(scenario())
    assert done == [2]


def test_bodies_held_together_are_bounded_and_given_back() -> None:
    async def scenario() -> None:
        work = Work(threads=1, queue=5, seconds=20)
        async with work.take() as first:
            first(MEMORY - 10)
            async with work.take() as second:
                second(5)
                with pytest.raises(Overloaded):
                    second(6)
            assert work.bytes_held == MEMORY - 10
        assert work.bytes_held == 0
        work.close()

    run(scenario())


def test_draining_waits_for_what_was_taken_and_takes_nothing_more() -> None:
    release = threading.Event()

    async def scenario() -> None:
        work = Work(threads=1, queue=5, seconds=20)
        finished: list[str] = []

        async def taken() -> None:
            async with work.take():
                await work.run(lambda: release.wait(20), here)
                finished.append("request")

        async def stopping() -> None:
            await work.drain()
            finished.append("drained")

        request = asyncio.create_task(taken())
        while not work.taken:
            await asyncio.sleep(0)
        drain = asyncio.create_task(stopping())
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="stopping"):
            async with work.take():
                pass
        release.set()
        await asyncio.gather(request, drain)
        assert finished == ["request", "drained"]
        work.close()

    run(scenario())
