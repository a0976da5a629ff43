"""What docs/api.md shows works: its curl lines and its Python run against a server."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from facenet_app.api.error_map import STATUS
from facenet_app.errors import FacenetAppError

DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:7860"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)


@pytest.fixture(scope="module")
def server(start_api):
    return start_api(threshold=None)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, astronaut: Path, hopper: Path) -> Path:
    for name, source in {"visitor": astronaut, "badge": hopper}.items():
        with Image.open(source) as picture:
            picture.convert("RGB").save(tmp_path / f"{name}.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_curl_lines_run(server, folder: Path, require: Callable[[str, str], None]) -> None:
    if shutil.which("curl") is None:
        require("curl", "curl is not installed")
    commands = [line for block in blocks("bash") for line in block.replace("|\n", "|").splitlines()]
    assert len(commands) == 9
    for command in commands:
        done = subprocess.run(
            ["bash", "-ec", command.replace(ADDRESS, server.address)],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        if not command.endswith("/metrics"):
            assert json.loads(done.stdout), command


def test_the_python_runs(server, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("python")
    exec(compile(example.replace(ADDRESS, server.address), "docs/api.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("non_match 1.")
    assert "Grace Hopper 0.0" in printed


def test_routes_and_fields_are_those_of_the_schema(server) -> None:
    document = server.ask("GET", "/openapi.json").json()
    told = set(re.findall(r"`(GET|POST|PATCH|DELETE) (/[\w/{}-]*)", DOCS))
    there = {
        (method.upper(), path.replace("identity_id", "id"))
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert told == there
    for row in re.findall(r"^\| `POST (/\w+)` \| (.*?) \|", DOCS, re.MULTILINE):
        if row[0] == "/identities":
            continue
        schema = document["paths"][row[0]]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert set(schema["properties"]) <= set(re.findall(r"`([\w-]+)`", row[1]))


def test_codes_of_the_table_are_codes() -> None:
    known = {kind.code for kind in kinds(FacenetAppError)} | {"not_found", "method_not_allowed"}
    table = DOCS.partition("| status | codes")[2].partition("\n\n")[0]
    told = set(re.findall(r"`([a-z_]+)`", table))
    assert told <= known
    assert {kind.code for kind in STATUS if kind.code not in ("usage", "face", "image")} - told <= {
        *("poor_quality", "invalid_threshold"),
    }


def kinds(kind: type[FacenetAppError]):
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)
