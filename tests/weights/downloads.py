"""How tests download, and what a download leaves."""

from pathlib import Path

from facenet_app.weights.fetch import Patience

QUICK = Patience(retries=2, timeout=5, pause=0)


def leftovers(target: Path) -> list[str]:
    """The files beside a download's destination, and itself; locks may stay."""
    return sorted(path.name for path in target.parent.iterdir() if path.suffix != ".lock")
