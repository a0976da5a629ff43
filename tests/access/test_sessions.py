"""Sessions of the page's users: when they end, and what their role may do."""

from pathlib import Path

import pytest

from facenet_app.access import sessions as module
from facenet_app.access.access_file import AccessFile
from facenet_app.access.role import Role
from facenet_app.access.scope import Scope, allows
from facenet_app.access.sessions import LIFETIME, Sessions
from facenet_app.access.users import PageUser

PASSWORD = "correct horse battery"


@pytest.fixture
def file(tmp_path: Path) -> AccessFile:
    return AccessFile(tmp_path / "access.json")


@pytest.fixture
def ada(file: AccessFile) -> PageUser:
    return file.set_user("ada", PASSWORD, Role.ENROLLER)


def test_a_token_is_its_session_s_alone(file: AccessFile, ada: PageUser) -> None:
    sessions = Sessions(file)
    first, second = sessions.begin(ada), sessions.begin(ada)
    assert sessions.user(first) == sessions.user(second) == ada
    for wrong in ("", first[:-1], first + "x", first.swapcase(), "ä\udcff"):
        assert sessions.user(wrong) is None
    sessions.end(first)
    sessions.end(first)
    assert sessions.user(first) is None
    assert sessions.user(second) == ada


def test_it_ends_when_its_time_is_over(file: AccessFile, ada: PageUser) -> None:
    now = 0.0
    sessions = Sessions(file, lambda: now)
    token = sessions.begin(ada)
    now = LIFETIME - 1
    assert sessions.user(token) == ada
    now = LIFETIME
    assert sessions.user(token) is None


def test_it_ends_with_the_user(file: AccessFile, ada: PageUser) -> None:
    sessions = Sessions(file)
    token = sessions.begin(ada)
    AccessFile(file.path).remove_user("ada")
    assert sessions.user(token) is None
    file.set_user("ada", PASSWORD)  # somebody of the same name and password is somebody else
    assert sessions.user(token) is None


def test_it_ends_with_the_password(file: AccessFile, ada: PageUser) -> None:
    sessions = Sessions(file)
    token = sessions.begin(ada)
    file.set_user("bob", PASSWORD)
    assert sessions.user(token) == ada
    assert AccessFile(file.path).set_user("ada", PASSWORD).role is Role.ENROLLER
    assert sessions.user(token) is None


def test_the_oldest_ends_when_there_are_too_many(
    file: AccessFile, ada: PageUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    sessions = Sessions(file)
    tokens = [sessions.begin(ada) for _ in range(3)]
    assert [sessions.user(token) is not None for token in tokens] == [False, True, True]


def test_roles(file: AccessFile) -> None:
    assert file.set_user("ada", PASSWORD).role is Role.VIEWER
    assert file.set_user("ada", PASSWORD, Role.ADMIN).role is Role.ADMIN
    assert file.set_user("ada", PASSWORD).role is Role.ADMIN
    assert [user.role for user in AccessFile(file.path).load().users] == [Role.ADMIN]
    may = {role: {scope for scope in Scope if allows(role.scopes, scope)} for role in Role}
    assert may == {
        Role.VIEWER: {Scope.VERIFY, Scope.IDENTIFY},
        Role.ENROLLER: {Scope.VERIFY, Scope.IDENTIFY, Scope.ENROLL},
        Role.ADMIN: set(Scope),
    }


def test_users_from_before_there_were_roles_may_do_what_they_could(file: AccessFile) -> None:
    file.path.write_text('{"format": 1, "keys": [], "users": [{"name": "ada", "argon2": "x"}]}')
    assert [user.role for user in file.load().users] == [Role.ADMIN]
