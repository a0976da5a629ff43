"""Many HTTP clients in one process that cost next to nothing: requests made before, answers hardly read."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median, quantiles

__all__ = ["Load", "load", "multipart"]

BOUNDARY = "------------------------benchmark"


@dataclass
class Load:
    """What a run gave: answers by status, seconds of those with 200, and how long it took in all."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wall: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second that were answered with 200."""
        return self.statuses[200] / self.wall

    def times(self) -> str:
        """Median and 95th percentile in milliseconds."""
        return (
            f"p50 {1000 * median(self.seconds):.0f} ms, p95 {1000 * quantiles(self.seconds, n=20)[-1]:.0f} ms"
        )


def multipart(path: str, host: str, files: dict[str, Path]) -> bytes:
    """A whole POST request with these files as a form."""
    body = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="picture"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n".encode()
        + file.read_bytes()
        + b"\r\n"
        for name, file in files.items()
    )
    body += f"--{BOUNDARY}--\r\n".encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def load(host: str, port: int, requests: Sequence[bytes], clients: int, seconds: float) -> Load:
    """``clients`` connections send the requests in turn, each the next as soon as it has an answer.

    All that was sent before the time is over is waited for.
    """
    return asyncio.run(_load(host, port, requests, clients, seconds))


async def _load(host: str, port: int, requests: Sequence[bytes], clients: int, seconds: float) -> Load:
    result, turn = Load(), count()
    start = time.perf_counter()
    until = start + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while time.perf_counter() < until:
            begun = time.perf_counter()
            writer.write(requests[next(turn) % len(requests)])
            status, body = await _answer(reader)
            result.statuses[status] += 1
            if status == 200:
                result.seconds.append(time.perf_counter() - begun)
            elif status == 503:
                await asyncio.sleep(0.1)
            else:
                raise SystemExit(f"HTTP {status}: {json.loads(body)}")
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    result.wall = time.perf_counter() - start
    return result


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)
