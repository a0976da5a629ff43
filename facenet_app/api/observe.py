"""Around every request to the API: its id, its log line, its metrics, and the net under it."""

import logging
import time
import traceback
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facenet_app.access.actor import Actor
from facenet_app.api.metrics import Metrics
from facenet_app.api.request_id import REQUEST_ID, accepted_id, set_request_id

__all__ = ["Observe"]

log = logging.getLogger("facenet_app.api")

OTHER: Final = "other"
"""The route of requests to addresses that there are not: their paths are the client's to choose."""


class Observe:
    """ASGI middleware; see the module. An error that nothing else caught becomes a 500 without details."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = accepted_id(Headers(scope=scope).get(REQUEST_ID))
        set_request_id(identifier)
        scope.setdefault("state", {})
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = identifier
                headers["Cache-Control"] = "no-store"
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 (whatever it is, no client shall see it)
            log.error("bug", extra={"fields": {"request_id": identifier, **_where(error)}})
            if not status:
                await _internal(identifier)(scope, receive, send_with_id)
        finally:
            self._note(scope, identifier, status, time.perf_counter() - started)

    def _note(self, scope: Scope, identifier: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", OTHER)
        actor: Actor | None = scope["state"].get("actor")
        self._metrics.answered(route, scope["method"] if route != OTHER else OTHER, status, seconds)
        log.info(
            "request",
            extra={
                "fields": {
                    "request_id": identifier,
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "seconds": round(seconds, 4),
                    "actor": str(actor) if actor else None,
                }
            },
        )


def _internal(identifier: str) -> JSONResponse:
    error = {
        "code": "internal",
        "message": "the server made a mistake",
        "hint": "report it with the request id to who runs the server",
    }
    return JSONResponse({"error": error, "request_id": identifier}, status_code=500)


def _where(error: Exception) -> dict[str, object]:
    """What it was and where, without its message, which may hold a name."""
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"error": type(error).__name__, "frames": frames[-8:]}
