"""The Python client: the same documents and the same errors as the service."""

from pathlib import Path

import pytest

from facenet_app.access.scope import Scope
from facenet_app.client import FaceClient
from facenet_app.errors import (
    IdentityExists,
    IdentityNotFound,
    ImageNotFound,
    NoFaceFound,
    Overloaded,
    RequestError,
    ServerError,
    Unauthorized,
)


def test_people_from_enrollment_to_removal(start_api, astronaut: Path, hopper: Path) -> None:
    with FaceClient(start_api().address) as client:
        assert client.is_ready()
        stored = client.enroll("Eileen Collins", [astronaut])
        identity = stored["identity"]["id"]
        assert client.verify(astronaut, str(hopper), threshold=1.1)["decision"] == "non_match"
        assert client.identify(astronaut.read_bytes(), candidates=1)["faces"][0]["name"] == "Eileen Collins"
        assert len(client.embed(astronaut, selection="largest")["faces"][0]["embedding"]) == 128
        assert client.detect(hopper)["detector"] == "yunet"
        assert client.add_samples(identity, [astronaut])["samples"] == []
        with pytest.raises(IdentityExists, match="is enrolled already"):
            client.enroll("eileen collins", [hopper])
        assert client.rename(identity, "Eileen")["name"] == "Eileen"
        assert [each["name"] for each in client.identities()] == ["Eileen"]
        assert len(client.samples(identity)) == 1
        assert client.remove(identity)["id"] == identity
        assert list(client.identities()) == []
        with pytest.raises(IdentityNotFound):
            client.samples(identity)
        assert client.models()[0]["id"]
        points = client.operating_points()
        assert points == sorted(points, key=lambda point: point["threshold"])


def test_errors_are_those_of_the_service(api, blank_picture: bytes, tmp_path: Path) -> None:
    with FaceClient(api.address) as client:
        with pytest.raises(NoFaceFound, match="shows the whole face") as raised:
            client.detect(blank_picture)
        assert raised.value.message == "no face was found in the picture"
        with pytest.raises(ImageNotFound):
            client.detect(tmp_path / "missing.jpg")
        with pytest.raises(RequestError) as unknown:
            client._get("/nothing")
        assert unknown.value.code == "not_found"
    with FaceClient(api.address, "fna_000000000000_x") as stranger, pytest.raises(Unauthorized):
        stranger.models()


def test_the_key_is_sent_whatever_the_user_s_netrc_says(
    start_api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = start_api()
    key, _ = api.access.create_key("gate", frozenset({Scope.VERIFY}), None)
    (netrc := tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with FaceClient(api.address, key) as client:
        assert client.models()


def test_an_id_is_never_another_path(api) -> None:
    with FaceClient(api.address) as client, pytest.raises(RequestError):
        client.remove("../models")


def test_a_server_that_is_none(page_of_another_kind: str) -> None:
    with FaceClient(page_of_another_kind) as client:
        with pytest.raises(ServerError, match="not one of facenet-app"):
            client.models()
        assert not client.is_ready()
    with FaceClient("http://127.0.0.1:9", retries=0) as nobody:
        assert not nobody.is_ready()


def test_it_comes_back_to_a_server_that_is_busy(start_api, astronaut: Path) -> None:
    api = start_api(queue=1)
    work = api.application.backend.work
    with FaceClient(api.address, retries=0) as client:
        work.taken = 1  # as if somebody else were being answered
        with pytest.raises(Overloaded):
            client.detect(astronaut)
    with FaceClient(api.address, retries=3) as client:
        refusals = []
        overloaded = work.overloaded

        def refuse_once() -> Overloaded:
            refusals.append(1)
            work.taken = 0
            return overloaded()

        work.overloaded = refuse_once
        assert client.detect(astronaut)["faces"]
        assert refusals == [1]
