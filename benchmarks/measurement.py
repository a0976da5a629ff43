"""What a benchmark found: rows with targets, and the machine they were measured on."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

__all__ = ["Measurement", "as_markdown", "as_text", "at_least", "at_most", "machine_lines"]


@dataclass(frozen=True)
class Measurement:
    """One row: what was measured, the value in words, and the target if there is one."""

    what: str
    value: str
    target: str = ""
    passed: bool | None = None
    """None where there is no target."""

    @property
    def verdict(self) -> str:
        return {None: "", True: "PASS", False: "FAIL"}[self.passed]


def at_least(what: str, shown: str, value: float, least: float, unit: str) -> Measurement:
    """A row that passes if ``value`` (in ``unit``) is ``least`` or more."""
    return Measurement(what, shown, f"≥ {least:g}{unit}", value >= least)


def at_most(what: str, shown: str, value: float, limit: float, target: str) -> Measurement:
    """A row that passes if ``value`` is under ``limit``; ``target`` says that in words."""
    return Measurement(what, shown, target, value < limit)


def as_markdown(rows: Sequence[Measurement]) -> str:
    """The rows as a Markdown table."""
    lines = ["| Measured | Value | Target | |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.value} | {row.target} | {row.verdict} |" for row in rows]
    return "\n".join(lines)


def as_text(rows: Sequence[Measurement]) -> str:
    """The rows for a terminal, verdict first."""
    return "\n".join(
        f"{row.verdict or '-':4}  {row.what}: {row.value}  {row.target}".rstrip() for row in rows
    )


def machine_lines(packages: Sequence[str]) -> list[str]:
    """Processor, memory, system, Python, versions of ``packages``, date and load, as list items."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    memory = psutil.virtual_memory().total / 2**30
    return [
        f"- Processor: {_processor()}, {os.cpu_count()} cores; {memory:.0f} GiB of memory",
        f"- System: {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        f"- Versions: {versions}",
        f"- Date: {datetime.now(UTC):%Y-%m-%d}; load before the run: {os.getloadavg()[0]:.1f}",
    ]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
