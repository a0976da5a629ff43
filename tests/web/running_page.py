"""app.py in a process of its own, for the tests of the page."""

import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watching import PATIENCE

ROOT = Path(__file__).parents[2]
STARTUP_SECONDS = 240


@dataclass
class RunningPage:
    """The process; ``lines`` is what it said so far, ``folder`` where it works."""

    process: subprocess.Popen[str]
    folder: Path
    lines: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)
    more: threading.Condition = field(default_factory=threading.Condition)
    address: str = ""

    @classmethod
    def started(cls, folder: Path, settings: dict[str, object]) -> "RunningPage":
        """With settings by name (None: the default), once it has an address or has ended."""
        variables = {
            f"FACENET_APP_{name.upper()}": str(value) for name, value in settings.items() if value is not None
        }
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")],
            env={**os.environ, "TMPDIR": str(folder), **variables},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        page = cls(process, folder)
        threading.Thread(target=page._read, daemon=True).start()
        assert page.ready.wait(STARTUP_SECONDS), "the page did not start in time"
        return page

    def logged(self, *parts: str) -> dict[str, Any]:
        """The first line of the log with these parts, once it is there."""

        def found() -> str | None:
            return next((line for line in self.lines if all(part in line for part in parts)), None)

        with self.more:
            line = self.more.wait_for(found, PATIENCE / 1000)
        assert line, f"the log has no line with {parts}"
        return dict(json.loads(line))

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self.process.terminate()
        self.process.wait(20)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            for line in said:
                with self.more:
                    self.lines.append(line)
                    self.more.notify_all()
                if found := re.search(r"http://[\d.:]+\d", line):
                    self.address = found[0]
                    self.ready.set()
        self.ready.set()
