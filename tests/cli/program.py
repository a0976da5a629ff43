"""What running the program gave."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

THRESHOLD = ("--threshold", "1.131")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What ``--json`` printed, which must be all of stdout."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    @property
    def error_code(self) -> str:
        error = self.document["error"]
        assert set(error) == {"code", "message", "hint"}
        return str(error["code"])


Cli = Callable[..., Ran]
