"""What the routes of one server share."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from facenet_app.access.actor import Actor
from facenet_app.access.scope import Scope
from facenet_app.api.body import BodyLimits, Fields, read_body
from facenet_app.api.gatekeeper import Gatekeeper
from facenet_app.api.metrics import Metrics
from facenet_app.api.work import Work
from facenet_app.gallery.actor import acting_as
from facenet_app.service import FaceService

__all__ = ["Backend", "Shared", "leaving", "shared"]

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Backend:
    """The service, and all that stands between it and a request."""

    service: FaceService
    gatekeeper: Gatekeeper
    work: Work
    metrics: Metrics

    async def answer(
        self,
        request: Request,
        scope: Scope | None,
        job: Callable[[Fields], Answer],
        pictures: int | None = None,
    ) -> Answer:
        """Let a request in, read its body if it may have one, and do the job in a thread.

        Args:
            request: the request.
            scope: what its key needs; None: any key does.
            job: makes the answer of the fields of the body.
            pictures: how many the body may hold; None: there is no body.

        Raises:
            FacenetAppError: whatever is wrong with the request, or the job raises.
        """
        actor = self.gatekeeper.admit(request, scope)
        request.state.actor = actor
        async with self.work.take() as held:
            fields = Fields({}, is_json=False)
            if pictures is not None:
                limits = BodyLimits(pictures, self.service.settings.max_bytes)
                fields = await read_body(request, limits, held)
            with leaving(request) as gone:
                return await self.work.run(lambda: _acting(actor, job, fields), gone)


@contextmanager
def leaving(request: Request) -> Iterator[Callable[[], bool]]:
    """Whether the client of a request has left, once its body is read.

    One task waits for that. Asking Starlette at the end would make and cancel one too, which takes longer.
    """
    waiting = asyncio.ensure_future(_left(request))
    try:
        yield waiting.done
    finally:
        waiting.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass  # what is sent where no body is wanted


def _acting(actor: Actor, job: Callable[[Fields], Answer], fields: Fields) -> Answer:
    with acting_as(str(actor), actor.request_id):  # the audit trail asks
        return job(fields)


def shared(request: Request) -> Backend:
    """The backend of the application that a request came to."""
    backend: Backend = request.app.state.backend
    return backend


Shared = Annotated[Backend, Depends(shared)]
