"""The page where it has users: nothing of it is served before the log-in, and wrong ones are locked out."""

from pathlib import Path

import pytest
import requests

from facenet_app.access.access_file import AccessFile
from facenet_app.access.users import MISTAKES_ALLOWED

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def closed_page(start_page, tmp_path_factory: pytest.TempPathFactory) -> str:
    access = AccessFile(tmp_path_factory.mktemp("access") / "access.json")
    for name in ("ada", "bob"):
        access.set_user(name, PASSWORD)
    page = start_page(access=access.path)
    assert page.address, "".join(page.lines)
    return str(page.address)


@pytest.fixture
def visitor():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def log_in(visitor: requests.Session, page: str, name: str, password: str) -> int:
    fields = {"username": name, "password": password}
    return visitor.post(f"{page}/login", data=fields, timeout=30).status_code


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/config"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/queue/join"),
        ("GET", "/gradio_api/queue/data?session_hash=x"),
        ("GET", "/gradio_api/file=/etc/hostname"),
        ("GET", "/gradio_api/info"),
    ],
)
def test_nothing_without_a_log_in(closed_page: str, visitor, method: str, path: str) -> None:
    files = {"files": ("a.png", b"x")} if path.endswith("upload") else None
    answer = visitor.request(method, closed_page + path, files=files, timeout=30)
    assert answer.status_code == 401, answer.text[:200]


def test_with_a_password_it_opens(closed_page: str, visitor, astronaut: Path) -> None:
    assert "verify-probe" not in visitor.get(closed_page, timeout=30).text
    assert log_in(visitor, closed_page, "ada", "wrong password") == 400
    assert log_in(visitor, closed_page, "ada", PASSWORD) == 200
    assert visitor.get(f"{closed_page}/config", timeout=30).json()["components"]
    uploaded = visitor.post(
        f"{closed_page}/gradio_api/upload", files={"files": ("a.png", astronaut.read_bytes())}, timeout=30
    )
    assert uploaded.status_code == 200
    other = {"Origin": "https://evil.example"}
    forged = visitor.post(f"{closed_page}/gradio_api/queue/join", json={}, headers=other, timeout=30)
    assert forged.status_code == 403


def test_one_visitor_cannot_fetch_another_s_upload(closed_page: str, visitor, astronaut: Path) -> None:
    assert log_in(visitor, closed_page, "ada", PASSWORD) == 200
    files = {"files": ("a.png", astronaut.read_bytes())}
    (path,) = visitor.post(f"{closed_page}/gradio_api/upload", files=files, timeout=30).json()
    with requests.Session() as stranger:
        stranger.trust_env = False
        answer = stranger.get(f"{closed_page}/gradio_api/file={path}", timeout=30)
    assert answer.status_code == 401


def test_too_many_wrong_passwords_lock_the_name(closed_page: str, visitor) -> None:
    statuses = [log_in(visitor, closed_page, "bob", f"wrong {n}") for n in range(MISTAKES_ALLOWED)]
    assert statuses == [400] * MISTAKES_ALLOWED
    assert log_in(visitor, closed_page, "bob", PASSWORD) == 400
    assert log_in(visitor, closed_page, "ada", PASSWORD) == 200
