"""What stands before the page: who asks, and what Gradio may be asked for."""

import json
import re
import secrets
from contextlib import suppress
from functools import partial
from math import ceil
from typing import Final
from urllib.parse import parse_qs
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facenet_app.access import scope as rights
from facenet_app.access.actor import Actor
from facenet_app.access.rate import RateLimit
from facenet_app.server.page_body import BodyRefused, checked_body
from facenet_app.server.page_door import PageDoor
from facenet_app.server.uploads import Uploads
from facenet_app.web.log_in_page import log_in_page

__all__ = ["PageGate"]

COOKIE: Final = "facenet_app_session"
BROWSER: Final = "facenet_app_browser"
"""A cookie where nobody logs in: what one browser removed, another one is not offered to put back."""
MARK: Final = re.compile(r"[\w-]{22}")
LONGEST_FORM: Final = 10_000
UPLOAD: Final = "/gradio_api/upload"
EVENT: Final = "/gradio_api/queue/join"
FILE: Final = "/gradio_api/file="
FILES_OF_GRADIO: Final = ("/assets/", "/static/", "/svelte/", "/theme.css")

PASSED_ON: Final = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt)|/(assets|static|svelte)/.+"
    r"|/gradio_api/(info|app_id|startup-events|upload|upload_progress|cancel|reset|queue/(join|data)"
    r"|heartbeat/\w+|stream/.+|file=(?!\w+:/).+)"
)
"""What the page in a browser asks for. Gradio has more, such as fetching addresses for its clients."""


class PageGate:
    """ASGI middleware for all but the API; see the module.

    Where the page has users, nothing of it is served before the log-in but the form for that. From then
    on each request is that of an :class:`Actor`, which the handlers ask for.

    Args:
        app: the application behind it.
        door: where users log in; None lets everybody in, and do everything.
        upload_bytes: of the largest upload that the page takes.
        uploads: knows whose they are.
        limit: counts uploads and events of each visitor; None: as many as they like.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        door: PageDoor | None,
        upload_bytes: int,
        uploads: Uploads,
        limit: RateLimit | None = None,
    ) -> None:
        self._app, self._door, self._upload_bytes, self._limit = app, door, upload_bytes, limit
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith("/api/") or path == "/metrics":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if self._door is not None and path in ("/login", "/logout"):
            await (await self._at_the_door(self._door, request))(scope, receive, send)
            return
        actor = self._actor(request)
        visitor = "" if actor is None else f"{actor} {actor.browser}"
        refusal = _asked_to_log_in(request) if actor is None else self._refusal(request, visitor)
        if refusal is None:
            is_others = partial(self._uploads.is_others, visitor=visitor)
            try:
                receive = await checked_body(request, self._upload_bytes, is_others)
            except BodyRefused as error:
                refusal = PlainTextResponse(str(error), error.status)
        scope.setdefault("state", {})["actor"] = actor
        send = self._while_in(request, send)
        if path == UPLOAD:
            send = self._noting_uploads(visitor, send)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, request: Request, visitor: str) -> Response | None:
        """To what a visitor may not have, or not so often."""
        path = request.scope["path"]
        others = path.startswith(FILE) and self._uploads.is_others(path.removeprefix(FILE), visitor)
        if others or not PASSED_ON.fullmatch(path):
            return PlainTextResponse("There is nothing at this address.", 404)
        if self._limit is not None and path in (UPLOAD, EVENT):
            address = request.client.host if request.client else ""
            if wait := self._limit.take(visitor if self._door is not None else address):
                sentence = "Too many requests: wait a moment, then try again."
                return JSONResponse({"detail": sentence}, 429, {"Retry-After": str(ceil(wait))})
        return None

    def _noting_uploads(self, visitor: str, send: Send) -> Send:
        """``send`` that remembers whose the files are that an answer to an upload lists."""
        answer = bytearray()

        async def send_on(message: Message) -> None:
            answer.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                with suppress(ValueError):  # it was refused
                    paths = json.loads(answer)
                    if isinstance(paths, list):
                        self._uploads.note(paths, visitor)
            await send(message)

        return send_on

    def _actor(self, request: Request) -> Actor | None:
        if self._door is None:
            browser = _browser(request)
            return Actor("local", "", uuid4().hex, frozenset(rights.Scope), browser=browser)
        user = self._door.user(request.cookies.get(COOKIE))
        return None if user is None else Actor("user", user.name, uuid4().hex, user.role.scopes, user.role)

    def _while_in(self, request: Request, send: Send) -> Send:
        """``send`` as long as the session lasts: events reach a page through an answer that never ends.

        What is of a visitor is not kept by browsers and proxies.
        """
        token, over = request.cookies.get(COOKIE), False

        async def send_on(message: Message) -> None:
            nonlocal over
            if over:
                return
            if message["type"] == "http.response.start" and not request.url.path.startswith(FILES_OF_GRADIO):
                MutableHeaders(scope=message)["Cache-Control"] = "no-store"
                if self._door is None and request.url.path == "/" and not _browser(request):
                    MutableHeaders(scope=message).append("Set-Cookie", _marked(request))
            if self._door is not None and message.get("more_body") and self._door.user(token) is None:
                message, over = {"type": "http.response.body", "body": b"", "more_body": False}, True
            await send(message)

        return send_on

    async def _at_the_door(self, door: PageDoor, request: Request) -> Response:
        token = request.cookies.get(COOKIE)
        if request.method == "POST" and request.url.path == "/login":
            fields = await _form(request)
            address = request.client.host if request.client else ""
            token = await door.log_in(fields.get("username", "").strip(), fields.get("password", ""), address)
            if token is None:
                return log_in_page(failed=True)
            door.log_out(request.cookies.get(COOKIE))  # of the session before this one
            answer = RedirectResponse("/", 303)
            secure = request.url.scheme == "https"
            answer.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure)
            return answer
        if request.method == "POST":
            door.log_out(token)
            answer = RedirectResponse("/login", 303)
            answer.delete_cookie(COOKIE)
            return answer
        return RedirectResponse("/", 303) if request.url.path == "/logout" else log_in_page()


def _browser(request: Request) -> str:
    """The mark of the browser; empty if it has none, or none of ours."""
    mark = request.cookies.get(BROWSER, "")
    return mark if MARK.fullmatch(mark) else ""


def _marked(request: Request) -> str:
    """The header that gives a browser a mark until it is closed."""
    secure = "; Secure" if request.url.scheme == "https" else ""
    return f"{BROWSER}={secrets.token_urlsafe(16)}; Path=/; HttpOnly; SameSite=Lax{secure}"


def _asked_to_log_in(request: Request) -> Response:
    if request.url.path == "/gradio_api/app_id":
        # An open page asks this until the server is back, and then loads itself again: to the form.
        return JSONResponse({"app_id": ""})
    if request.method == "GET" and request.url.path == "/":
        return RedirectResponse("/login", 303)
    return PlainTextResponse("Log in first.", 401)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; none if it is longer than a log-in can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return {}
    found = parse_qs(body.decode("utf-8", "replace"))
    return {name: values[0] for name, values in found.items()}
