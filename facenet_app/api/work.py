"""Where requests are worked on: so many at a time, so many waiting, each for so long."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from facenet_app.errors import Overloaded, RequestError, TimedOut

__all__ = ["Held", "Work"]

Answer = TypeVar("Answer")

MEMORY: Final = 512_000_000
"""Bytes of bodies held at a time, all requests together."""


@dataclass(slots=True)
class Held:
    """What one request holds; given back when it ends."""

    work: "Work"
    size: int = 0

    def __call__(self, size: int) -> None:
        """Hold ``size`` more bytes. Raises Overloaded if all requests together hold too many."""
        if self.work.bytes_held + size > MEMORY:
            raise self.work.overloaded()
        self.work.bytes_held += size
        self.size += size


class Work:
    """A bounded queue in front of a pool of threads. All of it but the threads is for one event loop.

    Args:
        threads: requests worked on at a time.
        queue: requests held at a time, those included.
        seconds: after which a request is given up.
    """

    def __init__(self, threads: int, queue: int, seconds: float) -> None:
        self.queue, self.seconds = queue, seconds
        self.taken = 0
        self.bytes_held = 0
        self._closing = False
        self._free = asyncio.Semaphore(threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._idle = asyncio.Event()
        self._idle.set()

    def overloaded(self) -> Overloaded:
        return Overloaded("too many requests are waiting", "try again in a second", retry_after=1)

    @asynccontextmanager
    async def take(self) -> AsyncIterator[Held]:
        """Hold a request while it is read and worked on.

        Raises:
            Overloaded: there are too many already, or the server is stopping.
            TimedOut: it took too long. Its thread, if it has one by then, ends in its own time.
        """
        if self._closing:
            raise Overloaded("the server is stopping", "try again later", retry_after=5)
        if self.taken >= self.queue:
            raise self.overloaded()
        self._count(1)
        held = Held(self)
        try:
            async with asyncio.timeout(self.seconds):
                yield held
        except TimeoutError as error:
            raise TimedOut(
                f"the request took longer than {self.seconds:g} seconds",
                "send smaller pictures, or try later",
            ) from error
        finally:
            self.bytes_held -= held.size
            self._count(-1)

    async def run(self, function: Callable[[], Answer], gone: Callable[[], bool]) -> Answer:
        """What ``function`` returns, from a thread; in the context of the request.

        Args:
            function: the work.
            gone: whether the client has left meanwhile; then nothing is done for it.

        Raises:
            RequestError: the client has left.
        """
        await self._free.acquire()
        try:
            if gone():
                raise RequestError("the client has gone", "stay for the answer")
            loop = asyncio.get_running_loop()
            future = loop.run_in_executor(self._pool, copy_context().run, function)
        except BaseException:
            self._free.release()
            raise
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def _done(self, future: "asyncio.Future[Any]") -> None:
        """Not at the end of :meth:`run`: a request that was given up still has its thread."""
        self._free.release()
        if not future.cancelled():
            future.exception()  # nobody may be left to look at it

    def _count(self, step: int) -> None:
        self.taken += step
        if self.taken:
            self._idle.clear()
        else:
            self._idle.set()

    async def drain(self) -> None:
        """Take nothing more, and wait until all that was taken is done."""
        self._closing = True
        await self._idle.wait()

    def close(self) -> None:
        """Let the threads go; those at work finish first."""
        self._pool.shutdown()
