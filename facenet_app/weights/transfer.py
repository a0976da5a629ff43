"""One HTTP request for a file, going on from what an earlier one left (RFC 9110, 14: ranges)."""

import ipaddress
import re
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from facenet_app.errors import DownloadFailed, WeightsDamaged
from facenet_app.weights.part import Part, validator_of

if TYPE_CHECKING:
    from requests import Response, Session

__all__ = ["Interrupted", "Progress", "transfer"]

Progress = Callable[[int, int | None], None]
"""Called with the bytes there are so far and how many there will be, if that is known."""

BLOCK = 1 << 16
LARGEST = 2 << 30  # bytes; only where neither the caller nor the server says how many will come
SLOWEST = 256  # bytes per second; slower than this is as good as a broken connection
REDIRECTS = 5
PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)  # as are all from 500 up


class Interrupted(Exception):
    """A request failed in a way that the next one may not."""


def transfer(url: str, part: Part, size: int | None, progress: Progress | None, timeout: float) -> None:
    """Bring ``part`` to its full length with one request.

    ``size`` is the length it must have, if known; ``timeout`` (seconds) the longest silence.

    Raises:
        Interrupted: it is not at its full length; what came is kept if it can be gone on with.
        DownloadFailed: the server refuses for good.
        WeightsDamaged: the file is not ``size`` bytes long; the part is removed.
    """
    import requests
    from urllib3.exceptions import HTTPError

    # Compressed in transit, neither ranges nor lengths would be those of the file.
    headers = {"Accept-Encoding": "identity", "User-Agent": "facenet-app"}
    validator = part.validator(url)
    if validator is not None:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": validator}
    try:
        with requests.Session() as session, _answer(session, url, headers, timeout) as response:
            if response.status_code == HTTPStatus.OK:
                part.begin(url, response.headers)
            elif _is_complete(response, part, validator):
                return
            else:
                _check_follows(response, url, part, validator)
            _receive(response, part, size, progress, timeout)
    except requests.Timeout as error:
        raise Interrupted(f"the server was silent for {timeout:g} seconds") from error
    except requests.ConnectionError as error:
        raise Interrupted("the server cannot be reached") from error
    except (requests.RequestException, HTTPError) as error:
        raise Interrupted("the connection broke") from error


def _answer(session: "Session", url: str, headers: dict[str, str], timeout: float) -> "Response":
    """The first answer that is no redirect; every address on the way is checked."""
    referrer = None
    for _ in range(REDIRECTS + 1):
        _check_address(url, referrer)
        response = session.get(url, headers=headers, stream=True, timeout=timeout, allow_redirects=False)
        if not response.is_redirect:
            return response
        response.close()
        referrer, url = url, urljoin(url, response.headers["Location"])
    raise DownloadFailed(
        f"{url} comes after {REDIRECTS} redirects and is another one", "fetch the file elsewhere"
    )


def _check_address(url: str, referrer: str | None) -> None:
    """Only https; or http to this very machine, unless an https address led there."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    local = parts.scheme == "http" and _is_loopback(parts.hostname or "")
    if not local or (referrer or "").startswith("https:"):
        raise DownloadFailed(f"{url} is not an https address", "weights are fetched over https only")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _content_range(response: "Response") -> tuple[int | None, int | None]:
    """Where the body starts in the file, and how long the file is; None for what is not said."""
    found = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", ""))
    start, total = found.groups() if found else (None, None)
    return int(start) if start else None, int(total) if total and total != "*" else None


def _is_complete(response: "Response", part: Part, validator: str | None) -> bool:
    """Whether the server has nothing to add to the part (416) because it is the whole file."""
    nothing_left = response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return validator is not None and nothing_left and _content_range(response)[1] == part.size


def _check_follows(response: "Response", url: str, part: Part, validator: str | None) -> None:
    """Return only if the body goes on exactly where the part ends."""
    status = response.status_code
    ranges = (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    if validator is not None and status in ranges:
        same_file = validator_of(response.headers) in (validator, None)
        if status == HTTPStatus.PARTIAL_CONTENT and same_file and _content_range(response)[0] == part.size:
            return
        part.discard()
        raise Interrupted("the file has changed at its source meanwhile")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in PASSING:
        raise Interrupted(f"the server answered {status}")
    raise DownloadFailed(f"{url} could not be downloaded: the server answered {status}")


def _receive(
    response: "Response", part: Part, size: int | None, progress: Progress | None, timeout: float
) -> None:
    """Append the body to the part."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise DownloadFailed("the server sends the file compressed although that was not asked for")
    length = response.headers.get("Content-Length", "")
    announced = part.size + int(length) if length.isdecimal() else None
    expected = announced if size is None else size
    if announced is not None and announced != expected:
        raise _wrong_size(part, announced, expected)
    done, most = part.size, LARGEST if expected is None else expected
    with part.path.open("ab") as file:
        for block in _blocks(response, timeout):
            done += file.write(block)
            if done > most:
                break
            if progress is not None:
                progress(done, expected)
    if done > most:
        raise _wrong_size(part, done, most)
    if expected is not None and done < expected:
        raise Interrupted(f"the connection broke after {done:,} of {expected:,} bytes")


def _wrong_size(part: Part, actual: int, expected: int | None) -> WeightsDamaged:
    part.discard()
    return WeightsDamaged(
        f"the file to download has {actual:,} bytes or more where {expected:,} are expected",
        "do not use it: it was changed at its source or on the way",
    )


def _blocks(response: "Response", timeout: float) -> Iterator[bytes]:
    """The body as it arrives. A server that drips never falls silent, so its speed is watched."""
    since, received = time.monotonic(), 0
    while block := response.raw.read1(BLOCK):
        yield block
        received += len(block)
        elapsed = time.monotonic() - since
        if elapsed > timeout:
            if received < SLOWEST * elapsed:
                raise Interrupted(f"the server sent only {received:,} bytes in {elapsed:.0f} seconds")
            since, received = time.monotonic(), 0
