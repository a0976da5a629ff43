"""Every route for every role: who is let in, and with which answer everybody else is sent away."""

from datetime import UTC, datetime, timedelta

import pytest

from facenet_app.access.scope import Scope
from facenet_app.errors import UsageError
from facenet_app.server.serve import serve
from facenet_app.settings import load_settings

NOBODY = "0" * 32
ROUTES = {
    # method, path: the scope it needs; None: any key; "": no key
    ("POST", "/verify"): "verify",
    ("POST", "/detect"): "verify",
    ("POST", "/embed"): "verify",
    ("POST", "/identify"): "identify",
    ("GET", "/identities"): "enroll",
    ("POST", "/identities"): "enroll",
    ("PATCH", f"/identities/{NOBODY}"): "admin",
    ("DELETE", f"/identities/{NOBODY}"): "admin",
    ("GET", f"/identities/{NOBODY}/samples"): "enroll",
    ("POST", f"/identities/{NOBODY}/samples"): "enroll",
    ("GET", "/models"): None,
    ("GET", "/operating-points"): None,
    ("GET", "/metrics"): None,
    ("GET", "/health"): "",
    ("GET", "/ready"): "",
}
ROLES = ("no key", "a wrong key", "expired", "revoked", *Scope)


@pytest.fixture(scope="module")
def closed(start_api):
    """A server that others can reach (through a proxy, by name), with a key for every role."""
    api = start_api(public_hosts="faces.example.org", rate=1000)
    soon = datetime.now(UTC) + timedelta(days=1)
    keys = {str(scope): api.access.create_key(scope, frozenset({scope}), soon)[0] for scope in Scope}
    keys["revoked"], kept = api.access.create_key("revoked", frozenset(Scope), None)
    api.access.revoke_key(kept.id)
    keys["expired"], kept = api.access.create_key("expired", frozenset(Scope), soon)
    text = api.access.path.read_text()
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    before, mark, after = text.rpartition(f'"{kept.expires_at.isoformat()}"')
    assert mark
    api.access.path.write_text(f'{before}"{past}"{after}')
    keys["a wrong key"] = keys["verify"][:-1] + ("A" if keys["verify"][-1] != "A" else "B")
    return api, keys


def test_the_table_has_every_route(closed) -> None:
    api, _ = closed
    document = api.ask("GET", "/openapi.json").json()
    described = {
        (method.upper(), path.replace("{identity_id}", NOBODY))
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert described == set(ROUTES)


@pytest.mark.parametrize("role", ROLES)
def test_every_route_for_every_role(closed, role: str) -> None:
    api, keys = closed
    api.application.backend.gatekeeper._mistakes._buckets.clear()  # wrong keys are counted; see below
    for (method, path), needed in ROUTES.items():
        answer = api.ask(method, path, keys.get(role))
        reached = answer.status_code not in (401, 403, 429)
        if needed == "":
            expected = None
        elif role in ("no key", "a wrong key", "expired", "revoked"):
            expected = 401
        elif needed is None or needed == role or role == "admin":
            expected = None
        else:
            expected = 403
        assert (None if reached else answer.status_code) == expected, (method, path, role, answer.text)
        if expected:
            assert answer.json()["error"]["code"] == {401: "unauthorized", 403: "forbidden"}[expected]
            assert ("WWW-Authenticate" in answer.headers) is (expected == 401)
        api.application.backend.gatekeeper._mistakes._buckets.clear()


def test_other_ways_to_send_a_key_do_not_count(closed) -> None:
    api, keys = closed
    assert api.ask("GET", "/models", headers={"Authorization": keys["admin"]}).status_code == 401
    assert api.ask("GET", "/models", headers={"Authorization": f"Basic {keys['admin']}"}).status_code == 401
    assert api.ask("GET", f"/models?key={keys['admin']}").status_code == 401
    assert api.ask("GET", "/models", headers={"Authorization": f"bearer {keys['admin']}"}).status_code == 200


def test_wrong_keys_from_one_address_are_slowed_down(start_api) -> None:
    api = start_api(public_hosts="faces.example.org")
    key, _ = api.access.create_key("gate", frozenset({Scope.VERIFY}), None)
    answers = [api.ask("GET", "/models", f"fna_000000000000_{number}") for number in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert api.ask("GET", "/models", key).status_code == 200  # good ones are not held up


def test_a_key_has_a_rate_of_its_own(start_api) -> None:
    api = start_api(rate=0.2)  # bursts of one
    first, _ = api.access.create_key("a", frozenset({Scope.VERIFY}), None)
    second, _ = api.access.create_key("b", frozenset({Scope.VERIFY}), None)
    assert [api.ask("GET", "/models", first).status_code for _ in range(2)] == [200, 429]
    limited = api.ask("GET", "/models", first)
    assert limited.json()["error"]["code"] == "too_many_requests"
    assert 1 <= int(limited.headers["Retry-After"]) <= 6
    assert api.ask("GET", "/models", second).status_code == 200


def test_on_loopback_it_is_open_until_there_is_a_key(start_api) -> None:
    api = start_api()
    assert api.ask("GET", "/identities").status_code == 200
    assert api.ask("GET", "/identities", "fna_000000000000_x").status_code == 401
    key, kept = api.access.create_key("gate", frozenset({Scope.ENROLL}), None)
    assert api.ask("GET", "/identities").status_code == 401
    assert api.ask("GET", "/identities", key).status_code == 200
    api.access.revoke_key(kept.id)
    assert api.ask("GET", "/identities", key).status_code == 401
    assert api.ask("GET", "/identities").status_code == 401  # not open again by itself


def test_on_loopback_it_is_not_open_beside_a_page_with_users(start_api) -> None:
    api = start_api()
    api.access.set_user("ada", "a long password")
    assert api.ask("GET", "/identities").status_code == 401


def test_a_damaged_file_of_keys_lets_nobody_in(start_api) -> None:
    api = start_api()
    api.access.path.write_text("{")
    answer = api.ask("GET", "/models")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "access_file")
    assert str(api.access.path) not in answer.text


@pytest.mark.parametrize("given", [{"host": "0.0.0.0"}, {"public_hosts": "faces.example.org"}])
def test_nobody_listens_elsewhere_without_keys(given: dict[str, str], tmp_path) -> None:
    said: list[str] = []
    settings = load_settings(access=tmp_path / "access.json", port=0, page=False, **given)
    with pytest.raises(UsageError, match="nobody has a key or a password"):
        serve(settings, said.append)
    assert said == []


def test_half_a_certificate(tmp_path) -> None:
    cert = tmp_path / "cert.pem"
    with pytest.raises(UsageError, match="belong together"):
        serve(load_settings(tls_cert=cert, port=0), lambda _: None)
    with pytest.raises(UsageError, match="is not a file"):
        serve(load_settings(tls_cert=cert, tls_key=cert, port=0), lambda _: None)
