"""A real HTTP server on the loopback address whose answers a test chooses."""

import hashlib
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def end_headers(self) -> None:
        # Said, so that no client sends its next request into a connection that is about to close.
        self.send_header("Connection", "close")
        super().end_headers()

    server: "FileServer"

    def do_GET(self) -> None:
        self.close_connection = True
        self.server.received.append(dict(self.headers))
        answer = self.server.answers.popleft() if self.server.answers else whole
        answer(self)

    def head(self, status: int, **headers: str | int) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing: the tests look at ``received``."""


class FileServer(ThreadingHTTPServer):
    """Serves ``body`` under any path; ``answers`` are used up first, one a request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.body = bytes(range(256)) * 800
        self.etag = '"first"'
        self.answers: deque[Callable[[Answer], None]] = deque()
        self.received: list[dict[str, str]] = []

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/weights.pt"


def whole(answer: Answer) -> None:
    """As a good server does it: ranges, ``If-Range``, and 416 where nothing is left."""
    body, etag = answer.server.body, answer.server.etag
    wanted = answer.headers.get("Range")
    if wanted is None or answer.headers.get("If-Range") != etag:
        answer.head(200, Content_Length=len(body), ETag=etag)
        answer.wfile.write(body)
        return
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start >= len(body):
        answer.head(416, Content_Range=f"bytes */{len(body)}", Content_Length=0, ETag=etag)
        return
    answer.head(
        206,
        Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}",
        Content_Length=len(body) - start,
        ETag=etag,
    )
    answer.wfile.write(body[start:])


def without_ranges(answer: Answer) -> None:
    answer.head(200, Content_Length=len(answer.server.body))
    answer.wfile.write(answer.server.body)


def chunked(answer: Answer) -> None:
    answer.head(200, Transfer_Encoding="chunked")
    for block in (answer.server.body[:1000], answer.server.body[1000:]):
        answer.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
    answer.wfile.write(b"0\r\n\r\n")


def cut_after(count: int) -> Callable[[Answer], None]:
    """Promise everything, send ``count`` bytes, hang up."""

    def answer_part(answer: Answer) -> None:
        answer.head(200, Content_Length=len(answer.server.body), ETag=answer.server.etag)
        answer.wfile.write(answer.server.body[:count])

    return answer_part


def status(code: int, **headers: str | int) -> Callable[[Answer], None]:
    return lambda answer: answer.head(code, Content_Length=0, **headers)


def silent(answer: Answer) -> None:
    time.sleep(1)


def dripping(answer: Answer) -> None:
    """A byte now and then, for ever: the connection never falls silent."""
    answer.head(200, ETag=answer.server.etag)
    try:
        while True:
            answer.wfile.write(b"x")
            time.sleep(0.05)
    except OSError:
        return  # the client has hung up, as it should


def slow(answer: Answer) -> None:
    """Whole, but long enough for somebody else to come by."""
    time.sleep(0.4)
    whole(answer)
