"""What the routes answer, and that it is what Python answers."""

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from facenet_app.service import FaceService

CLOSE = 1e-4


def files(**pictures: bytes) -> dict[str, tuple[str, bytes]]:
    return {name: (f"{name}.bin", content) for name, content in pictures.items()}


def as_json(**fields: Any) -> dict[str, Any]:
    return {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in fields.items()
    }


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> FaceService:
    return FaceService.open(gallery=tmp_path_factory.mktemp("python") / "gallery.db", threshold=1.131)


@pytest.mark.parametrize("reference", ["collins", "hopper"])
def test_verify_is_python_s_answer_as_form_and_as_json(api, python, pictures, reference: str) -> None:
    pair = {"probe": pictures["collins"], "reference": pictures[reference]}
    expected = json.loads(json.dumps(python.verify(**pair).to_dict()))
    for sent in ({"files": files(**pair)}, {"json": as_json(**pair)}):
        answer = api.ask("POST", "/verify", **sent)
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert document.pop("distance") == pytest.approx(expected["distance"], abs=CLOSE)
        assert document == {key: value for key, value in expected.items() if key != "distance"}


def test_options_come_as_text_in_a_form_and_as_numbers_in_json(api, pictures) -> None:
    pair = {"probe": pictures["collins"], "reference": pictures["collins"]}
    form = api.ask("POST", "/verify", files=files(**pair), data={"threshold": "0.5"}).json()
    assert form["threshold"] == 0.5
    assert api.ask("POST", "/verify", json=as_json(**pair, threshold=0.25)).json()["threshold"] == 0.25
    refused = api.ask("POST", "/verify", json=as_json(**pair, threshold="0.25"))
    assert refused.status_code == 422
    assert "'threshold'" in refused.json()["error"]["message"]
    both = api.ask("POST", "/verify", json=as_json(**pair, threshold=0.25, fmr=0.001))
    assert both.status_code == 422


def test_embed_gives_the_vector_that_python_makes(api, python, pictures) -> None:
    answer = api.ask("POST", "/embed", files=files(image=pictures["collins"])).json()
    (face,) = answer["faces"]
    expected = python.extractor.extract(pictures["collins"]).face.embedding
    assert answer["fingerprint"] == expected.fingerprint
    np.testing.assert_allclose(face["embedding"], expected.vector, atol=CLOSE)
    assert answer["image"] == {"width": 512, "height": 512}


def test_detect_gives_boxes_and_quality(api, python, pictures) -> None:
    answer = api.ask("POST", "/detect", json=as_json(image=pictures["hopper"])).json()
    assert answer["image"] == {"width": 512, "height": 600}
    assert answer["detector"] == "yunet"
    found = python.extractor.extract(pictures["hopper"]).face
    assert answer["faces"][0]["box"] == found.face.box.to_dict()
    assert answer["faces"][0]["quality"] == found.quality.to_dict()


def test_a_person_from_enrollment_to_removal(start_api, pictures) -> None:
    api = start_api()
    about = {"name": "Eileen", "consent": "form 12", "expires": "2099-01-31"}
    stored = api.ask("POST", "/identities", files=files(images=pictures["collins"]), data=about)
    assert stored.status_code == 201
    person = stored.json()["identity"]
    assert (person["name"], person["samples"]) == ("Eileen", 1)
    assert (person["consent"], person["expires_at"]) == ("form 12", "2099-01-31T00:00:00+00:00")
    entry = api.application.backend.service.gallery.audit().entries[-1]
    assert (entry.actor, entry.request_id) == ("local", stored.headers["X-Request-ID"])

    taken = api.ask("POST", "/identities", json=as_json(name="eileen", images=["AAAA"]))
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "identity_exists")

    found = api.ask(
        "POST", "/identify", files=files(image=pictures["collins"]), data={"candidates": "3"}
    ).json()
    assert found["faces"][0]["name"] == "Eileen"
    assert found["faces"][0]["candidates"][0]["identity_id"] == person["id"]

    twice = api.ask("POST", f"/identities/{person['id']}/samples", files=files(images=pictures["collins"]))
    assert twice.status_code == 200
    assert "enrolled already" in twice.json()["warnings"][0]

    renamed = api.ask("PATCH", f"/identities/{person['id']}", json={"name": "Eileen Collins"})
    assert renamed.json() == person | {"name": "Eileen Collins"}
    other = api.ask("POST", "/identities", files=files(images=pictures["hopper"]), data={"name": "Grace"})
    clash = api.ask("PATCH", f"/identities/{other.json()['identity']['id']}", json={"name": "Eileen Collins"})
    assert clash.status_code == 409

    page = api.ask("GET", "/identities", params={"limit": 1, "offset": 1}).json()
    assert [each["name"] for each in page["identities"]] == ["Grace"]
    assert (page["total"], page["offset"]) == (2, 1)
    samples = api.ask("GET", f"/identities/{person['id']}/samples").json()
    assert [each["identity_id"] for each in samples["samples"]] == [person["id"]]
    assert "embedding" not in json.dumps(samples)

    other_id = other.json()["identity"]["id"]
    merged = api.ask(
        "PATCH", f"/identities/{other_id}", json={"name": "Eileen Collins", "merge": True}
    ).json()
    assert merged["samples"] == 2
    assert api.ask("DELETE", f"/identities/{merged['id']}").json()["name"] == "Eileen Collins"
    gone = api.ask("DELETE", f"/identities/{merged['id']}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "unknown_identity")
    assert api.ask("GET", "/identities").json()["total"] == 0


def test_a_face_that_belongs_to_somebody_is_enrolled_anyway_if_the_caller_says_so(
    start_api, pictures
) -> None:
    api = start_api()

    def enroll(picture: bytes, **data: str) -> Any:
        return api.ask("POST", "/identities", files=files(images=picture), data=data)

    enroll(pictures["collins"], name="Eileen")
    other_way_round = mirrored(pictures["collins"])
    refused = enroll(other_way_round, name="Ms. Collins").json()["refused"]
    assert [each["code"] for each in refused] == ["belongs_to_other"]
    anyway = enroll(other_way_round, name="Ms. Collins", gate="off")
    assert (anyway.status_code, len(anyway.json()["samples"])) == (201, 1)
    entry = api.application.backend.service.gallery.audit().entries[-1]
    assert (entry.action, entry.request_id) == ("enroll_ungated", anyway.headers["X-Request-ID"])
    assert enroll(other_way_round, name="Ada", gate="ajar").status_code == 422


def mirrored(picture: bytes) -> bytes:
    file = io.BytesIO()
    ImageOps.mirror(Image.open(io.BytesIO(picture))).save(file, "PNG")
    return file.getvalue()


def test_pictures_that_cannot_be_enrolled_are_listed(start_api, pictures) -> None:
    api = start_api()
    sent = [("images", ("a", b"nonsense")), ("images", ("b", pictures["hopper"])), ("name", (None, "Grace"))]
    answer = api.ask("POST", "/identities", files=sent)
    assert answer.status_code == 201
    assert [each["code"] for each in answer.json()["refused"]] == ["not_an_image"]
    nothing = api.ask("POST", "/identities", files=[("images", ("a", b"nonsense")), ("name", (None, "Ada"))])
    assert (nothing.status_code, nothing.json()["samples"]) == (200, [])


def test_a_read_only_server_changes_nothing(start_api, pictures) -> None:
    api = start_api(read_only=True)
    answer = api.ask("POST", "/identities", files=files(images=pictures["collins"]), data={"name": "Eileen"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "read_only")
    assert api.ask("GET", "/identities").json()["total"] == 0


def test_the_server_tells_of_itself(api, python) -> None:
    assert api.ask("GET", "/health").json() == {"status": "ok"}
    assert api.ask("GET", "/ready").json() == {"status": "ok"}
    (used,) = [each for each in api.ask("GET", "/models").json()["models"] if each["in_use"]]
    assert used["fingerprint"] == python.extractor.fingerprint
    points = api.ask("GET", "/operating-points").json()
    assert points["operating_points"] == [point.to_dict() for point in python.measured.points]


def test_metrics_count_and_name_nobody(api, pictures) -> None:
    api.ask("POST", "/verify", files=files(probe=pictures["collins"], reference=pictures["collins"]))
    told = api.session.get(f"{api.address}/metrics", timeout=20)
    assert told.headers["Content-Type"].startswith("text/plain")
    assert 'facenet_app_requests_total{method="POST",route="/verify",status="200"}' in told.text
    assert "facenet_app_batch_faces_bucket" in told.text
    assert "facenet_app_queue_requests 0.0" in told.text
    assert api.ask("GET", "/metrics").status_code == 200
