"""How long the commands and the page take from a cold process, with the caches of the disk warm."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median

from measurement import Measurement, at_most

__all__ = ["measure_startup"]

PROJECT = Path(__file__).resolve().parent.parent
COMMAND = str(Path(sys.executable).with_name("facenet-app"))
PAGE_PATIENCE = 60.0
"""Seconds after which a page that has not answered counts as broken."""


def measure_startup(probe: Path, reference: Path, *, repeats: int, page: bool) -> list[Measurement]:
    """Medians of ``repeats`` rounds; every round runs each command once, after one unmeasured round.

    Args:
        probe: a picture for ``facenet-app verify``.
        reference: the other one.
        repeats: measured rounds.
        page: also time ``app.py`` until its page answers.
    """
    timers: dict[str, Callable[[], float]] = {
        "pass": lambda: _seconds([sys.executable, "-c", "pass"]),
        "help": lambda: _seconds([COMMAND, "--help"]),
        "torch": lambda: _seconds([sys.executable, "-c", "import torch"]),
        "verify": lambda: _seconds([COMMAND, "verify", str(probe), str(reference)], accepted=(0, 1)),
    }
    if page:
        timers["page"] = _seconds_to_page
    rounds = [{name: timer() for name, timer in timers.items()} for _ in range(repeats + 1)]
    taken = {name: median(one[name] for one in rounds[1:]) for name in timers}
    return _rows(taken)


def _rows(taken: dict[str, float]) -> list[Measurement]:
    """The targets, in seconds."""
    bare, torch = taken["pass"], taken["torch"]
    told = {name: f"{seconds:.2f} s" for name, seconds in taken.items()}
    rows = [
        Measurement("`python -c pass`", told["pass"]),
        Measurement('`python -c "import torch"`', told["torch"]),
        at_most("`facenet-app --help`", told["help"], taken["help"], bare + 0.4, "< `pass` + 0.4 s"),
        at_most("`facenet-app verify`, cold", told["verify"], taken["verify"], torch, "< `import torch`"),
    ]
    if "page" in taken:
        what, target = "`app.py` until the page answers", "< `import torch` + 3 s"
        rows.append(at_most(what, told["page"], taken["page"], torch + 3, target))
    return rows


def _seconds(command: list[str], accepted: tuple[int, ...] = (0,)) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    taken = time.perf_counter() - start
    if done.returncode not in accepted:
        raise SystemExit(
            f"{Path(command[0]).name} failed with {done.returncode}: {done.stderr.strip()[-500:]}"
        )
    return taken


def _seconds_to_page() -> float:
    """From the start of ``app.py`` to the first complete answer of its page."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"FACENET_APP_HOST": "127.0.0.1", "FACENET_APP_PORT": str(port)}
    start = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(f"http://127.0.0.1:{port}/"):
            if server.poll() is not None or time.perf_counter() - start > PAGE_PATIENCE:
                raise SystemExit("The page of app.py did not answer; measure the rest with --no-page.")
            time.sleep(0.02)
        return time.perf_counter() - start
    finally:
        server.terminate()
        server.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200 and bool(answer.read())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
