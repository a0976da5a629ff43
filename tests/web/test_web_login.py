"""The page where it has users: nothing of it is served before the log-in, and wrong ones are locked out."""

from pathlib import Path

import pytest
import requests
from members import PASSWORD, Members

from facenet_app.access.users import MISTAKES_ALLOWED


@pytest.fixture
def visitor():
    with requests.Session() as session:
        session.trust_env = False
        yield session


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
def test_nothing_without_a_log_in(members: Members, visitor, method: str, path: str) -> None:
    files = {"files": ("a.png", b"x")} if path.endswith("upload") else None
    answer = visitor.request(method, members.address + path, files=files, timeout=30)
    assert answer.status_code == 401, answer.text[:200]


def test_with_a_password_it_opens(members: Members, visitor, astronaut: Path) -> None:
    form = visitor.get(members.address, timeout=30).text
    assert "Log in to compare" in form
    assert "verify-probe" not in form
    assert members.log_in(visitor, "ada", "wrong password") == 400
    assert members.log_in(visitor, "ada") == 200
    assert visitor.get(f"{members.address}/config", timeout=30).json()["components"]
    uploaded = members.upload(visitor, astronaut)
    with requests.Session() as stranger:
        stranger.trust_env = False
        assert stranger.get(f"{members.address}/gradio_api/file={uploaded}", timeout=30).status_code == 401
    other = {"Origin": "https://evil.example"}
    for path in ("gradio_api/queue/join", "gradio_api/upload", "login", "logout"):
        forged = visitor.post(f"{members.address}/{path}", json={}, headers=other, timeout=30)
        assert forged.status_code == 403, path
    assert visitor.get(f"{members.address}/config", timeout=30).status_code == 200


def test_too_many_wrong_passwords_lock_the_name(members: Members, visitor) -> None:
    statuses = [members.log_in(visitor, "bob", f"wrong {n}") for n in range(MISTAKES_ALLOWED)]
    assert statuses == [400] * MISTAKES_ALLOWED
    assert members.log_in(visitor, "bob", PASSWORD) == 400
    assert members.log_in(visitor, "ada") == 200
