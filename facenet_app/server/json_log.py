"""The server's log: one JSON object a line on stderr, without names, pictures, embeddings and keys."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final

__all__ = ["JsonLines", "log_as_json"]

_LOGGERS: Final = ("facenet_app.api", "facenet_app.server", "facenet_app.web", "uvicorn")


class JsonLines(logging.Formatter):
    """A record as JSON: time, level, event, and its ``fields``.

    Of an exception only the kind and the places are told: its message may hold a name or a path.
    """

    def format(self, record: logging.LogRecord) -> str:
        document: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])[-8:]
            document["error"] = record.exc_info[0].__name__
            document["frames"] = [f"{frame.filename}:{frame.lineno}" for frame in frames]
        return json.dumps(document, default=str)


def log_as_json() -> None:
    """Write what API, page, server and uvicorn log to stderr; the rest of the program logs as before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.WARNING if name == "uvicorn" else logging.INFO)
