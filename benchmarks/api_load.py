"""The API under load, against an offline loop of the same work and against a naive server, in one run.

    uv run benchmarks/api_load.py --seconds 60
    uv run benchmarks/api_load.py --seconds 600 --only api     # does the memory grow?

64 clients on the loopback address verify pairs of 250×250 LFW pictures. The offline loop embeds the same
pairs in batches in one process and decides about them. The naive server is FastAPI with facenet-pytorch,
one forward pass a picture. They take turns, so that a busy moment of the machine hits all of them. On a
machine that is busy all the time only the processor time says something: threads decide who gets the rest.
"""

import argparse
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil
from http_load import Load, load, multipart
from lfw import lfw_root, sample_pictures
from measurement import Measurement, as_markdown, as_text, at_least, at_most, machine_lines

from facenet_app.comparison.distance import distance
from facenet_app.comparison.rules import Asked
from facenet_app.errors import FacenetAppError
from facenet_app.service import FaceService

PAIRS = 100
THREADS = 2
PATIENCE = 120.0
PACKAGES = ("fastapi", "uvicorn", "openvino", "numpy", "torch", "facenet-pytorch")
HERE = Path(__file__).resolve().parent


@dataclass
class Rates:
    """The runs of one peer, and the seconds of processor time that a pair cost it in each."""

    name: str
    runs: list[Load] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, process: psutil.Process, run: Callable[[], Load]) -> None:
        """Do one run, whose work ``process`` does."""
        before = process.cpu_times()
        self.runs.append(run())
        after = process.cpu_times()
        spent = after.user + after.system - before.user - before.system
        self.seconds.append(spent / self.runs[-1].statuses[200])

    @property
    def rate(self) -> float:
        """Pairs a second: the median of the runs."""
        return median(each.rate for each in self.runs)

    @property
    def cpu(self) -> float:
        """Seconds of processor time a pair: the median of the runs."""
        return median(self.seconds)

    def row(self) -> Measurement:
        rates = ", ".join(f"{each.rate:.1f}" for each in self.runs)
        shown = f"{rates}; {1000 * self.cpu:.0f} ms of processor time a pair"
        return Measurement(f"{self.name}, pairs/s (each round)", shown)


@contextmanager
def api_server(settings: Sequence[str]) -> Iterator[tuple[psutil.Process, int]]:
    """``facenet-app serve --no-page`` in a process of its own, and its port."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "facenet_app.cli.main", "serve", "--no-page", "--port", "0"]
        environment = psutil.Process().environ() | {
            "FACENET_APP_GALLERY": f"{folder}/gallery.db",
            "FACENET_APP_ACCESS": f"{folder}/access.json",
            "FACENET_APP_THREADS": str(THREADS),
            **dict(setting.split("=", 1) for setting in settings),
        }
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                    yield psutil.Process(process.pid), int(found[1])
                    return
            raise SystemExit("The server did not start.")
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()


@contextmanager
def naive_server() -> Iterator[tuple[psutil.Process, int]]:
    """The naive server in a process of its own, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(HERE / "naive_server.py"), str(port)])
    try:
        deadline = time.perf_counter() + PATIENCE
        while not _listens(port):
            if process.poll() is not None or time.perf_counter() > deadline:
                raise SystemExit("The naive server did not start.")
            time.sleep(0.1)
        yield psutil.Process(process.pid), port
    finally:
        process.terminate()
        process.wait()


def offline(service: FaceService, pairs: Sequence[tuple[Path, Path]], seconds: float) -> Load:
    """Pairs embedded in batches and decided about, for about so many seconds."""
    rule = service.measured.for_verification(Asked.of(service.settings))
    contents = [(first.read_bytes(), second.read_bytes()) for first, second in pairs]
    result, start = Load(), time.perf_counter()
    while time.perf_counter() - start < seconds:
        outcomes = list(service.extractor.extract_many(each for pair in contents for each in pair))
        for first, second in zip(outcomes[::2], outcomes[1::2], strict=True):
            if not isinstance(first, FacenetAppError) and not isinstance(second, FacenetAppError):
                rule.decide(distance(first.face.embedding, second.face.embedding))
        result.statuses[200] += len(pairs)
    result.wall = time.perf_counter() - start
    return result


def measure(options: argparse.Namespace) -> list[Measurement]:
    """The rows of all that was asked for."""
    pictures = sample_pictures(lfw_root(), 2 * PAIRS)
    pairs = list(zip(pictures[::2], pictures[1::2], strict=True))
    share = options.seconds / options.rounds
    loops, answers, naive = Rates("Offline loop"), Rates("API"), Rates("Naive server")
    with api_server(options.setting) as (process, port):
        requests = _requests("/api/v1/verify", port, pairs)
        load("127.0.0.1", port, requests, options.clients, 3)  # everything is loaded and has grown by then
        service = FaceService.open(threads=THREADS)
        memory = [process.memory_info().rss]
        for _ in range(options.rounds):
            answers.add(process, lambda: load("127.0.0.1", port, requests, options.clients, share))
            memory.append(process.memory_info().rss)
            if options.only != "api":
                loops.add(psutil.Process(), lambda: offline(service, pairs, share))
                _naive(naive, pairs, options.clients, share)
    return [*_api_rows(answers, memory), *_peer_rows(answers, loops, naive)]


def _naive(rates: Rates, pairs: Sequence[tuple[Path, Path]], clients: int, seconds: float) -> None:
    with naive_server() as (process, port):
        requests = _requests("/verify", port, pairs)
        load("127.0.0.1", port, requests, 2, 2)
        rates.add(process, lambda: load("127.0.0.1", port, requests, clients, seconds))


def _api_rows(answers: Rates, memory: Sequence[int]) -> list[Measurement]:
    total = sum(sum(each.statuses.values()) for each in answers.runs)
    refused = sum(each.statuses[503] for each in answers.runs)
    growth = memory[-1] / memory[1] - 1
    megabytes = ", ".join(f"{size / 1e6:.0f}" for size in memory)
    what = "Memory of the server, grown since the first round"
    return [
        answers.row(),
        Measurement("API, time to an answer", answers.runs[-1].times()),
        Measurement("API, answers", f"{total:,}, of them {refused:,} deliberate 503, no other error"),
        at_most(what, f"{100 * growth:.1f} % ({megabytes} MB)", growth, 0.05, "< 5 %"),
    ]


def _peer_rows(answers: Rates, loops: Rates, naive: Rates) -> list[Measurement]:
    if not loops.runs:
        return []
    share, times = 100 * answers.rate / loops.rate, answers.rate / naive.rate
    return [
        loops.row(),
        at_least("API against the offline loop", f"{share:.0f} %", share, 90, " %"),
        Measurement("The same by processor time", f"{100 * loops.cpu / answers.cpu:.0f} %"),
        naive.row(),
        at_least("API against the naive server", f"{times:.1f} ×", times, 6, " ×"),
        Measurement("The same by processor time", f"{naive.cpu / answers.cpu:.1f} ×"),
    ]


def _requests(path: str, port: int, pairs: Sequence[tuple[Path, Path]]) -> list[bytes]:
    host = f"127.0.0.1:{port}"
    return [multipart(path, host, {"probe": probe, "reference": reference}) for probe, reference in pairs]


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def main() -> int:
    """Measure, print, and return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, default=64, help="at a time (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="for each peer (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="turns (default %(default)s)")
    parser.add_argument("--only", choices=["api"], help="leave out the peers")
    parser.add_argument("--setting", action="append", default=[], metavar="VARIABLE=VALUE", help="of the API")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table and the machine")
    options = parser.parse_args()
    machine = machine_lines(PACKAGES)
    rows = measure(options)
    print(as_markdown(rows) if options.markdown else as_text(rows))
    print("", *machine, sep="\n")
    return int(any(row.passed is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
