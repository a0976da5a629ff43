"""What every request passes: who it believes to talk to, where it comes from, and headers on the answer."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facenet_app.access.exposure import is_loopback

__all__ = ["Guard"]

HEADERS: Final = {
    # Gradio's own script needs inline and eval; pictures of results are data: URLs.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
    # Not "no-referrer": with that, browsers hide where a form comes from, also from this server.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS: Final = {"Strict-Transport-Security": "max-age=31536000"}

_SAFE: Final = ("GET", "HEAD", "OPTIONS")


class Guard:
    """ASGI middleware: refuses what comes by another name or from another site, and adds headers.

    On the loopback address a request must call the host by a loopback name or address. Otherwise a web
    site could point its own name at 127.0.0.1 and read the page through its visitor (DNS rebinding).
    Where names are listed, those count too, and no others.

    A request that changes or asks something (any method but GET and HEAD) and that a browser sends for
    another web site is refused, unless that site is listed: a browser sends along cookies, and reaches
    addresses that the site cannot (cross-site request forgery).

    Args:
        app: the application behind it.
        loopback: the server listens on the loopback address only.
        names: host names that it may be called by.
        origins: other sites whose scripts may call it, as ``https://name``.
        tls: it is served over HTTPS, and browsers shall remember that.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        loopback: bool,
        names: Sequence[str] = (),
        origins: Sequence[str] = (),
        tls: bool = False,
    ) -> None:
        self._app = app
        self._any_name = not loopback and not names
        self._names = {name.lower() for name in names}
        self._origins = set(origins)
        self._headers = HEADERS | (HSTS if tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # nothing here speaks them
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name = _host_name(host).lower()
        if not (self._any_name or name in self._names or is_loopback(name)):
            return _refused(scope, 421, "misdirected", "This server answers to its own name only.")
        if scope["method"] not in _SAFE and self._is_cross_site(headers, host):
            return _refused(scope, 403, "forbidden", "Requests from other web sites are refused.")
        return None

    def _is_cross_site(self, headers: Headers, host: str) -> bool:
        origin = headers.get("origin")
        if origin is None:  # a program, or a browser that says it in another way
            return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        return origin not in self._origins and urlsplit(origin).netloc.lower() != host.lower()


def _refused(scope: Scope, status: int, code: str, message: str) -> Response:
    if not scope["path"].startswith("/api/"):
        return PlainTextResponse(message, status_code=status)
    error = {"code": code, "message": message.rstrip("."), "hint": "see docs/api.md"}
    return JSONResponse({"error": error, "request_id": uuid4().hex}, status_code=status)


def _host_name(host: str) -> str:
    """The name in a Host header, without the port and the brackets of an IPv6 address."""
    name, colon, port = host.rpartition(":")
    name = name if colon and port.isdigit() else host
    return name[1:-1] if name.startswith("[") and name.endswith("]") else name
