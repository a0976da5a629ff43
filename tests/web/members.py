"""A page with users, and what their browsers would send to it, sent without one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from facenet_app.access.access_file import AccessFile

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Members:
    """Ada is an admin, eric an enroller, vera a viewer, and so is bob.

    ``lines`` is what the page said so far; ``logged`` waits for a line of the log with these parts.
    """

    address: str
    access: AccessFile
    gallery: Path
    logged: Callable[..., dict[str, Any]]
    lines: list[str]

    def log_in(self, visitor: requests.Session, name: str, password: str = PASSWORD) -> int:
        fields = {"username": name, "password": password}
        return visitor.post(f"{self.address}/login", data=fields, timeout=120).status_code

    def upload(self, visitor: requests.Session, picture: Path) -> str:
        files = {"files": (picture.name, picture.read_bytes())}
        answer = visitor.post(f"{self.address}/gradio_api/upload", files=files, timeout=120)
        assert answer.status_code == 200
        return str(answer.json()[0])

    def send(self, visitor: requests.Session, event: int, data: list[Any]) -> str:
        """What the page would show after an event, as JSON."""
        asked = {"data": data, "fn_index": event, "session_hash": uuid4().hex}
        joined = visitor.post(f"{self.address}/gradio_api/queue/join", json=asked, timeout=120)
        assert joined.status_code == 200, joined.text
        with visitor.get(
            f"{self.address}/gradio_api/queue/data",
            params={"session_hash": asked["session_hash"]},
            stream=True,
            timeout=120,
        ) as answers:
            for line in answers.iter_lines():
                message = json.loads(line.removeprefix(b"data: ")) if line else {}
                if message.get("msg") == "process_completed":
                    return json.dumps(message["output"], ensure_ascii=False)
        raise AssertionError("the event was not answered")
