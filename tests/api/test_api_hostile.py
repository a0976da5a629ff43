"""Bodies that are damaged, cut short, too large for what they are, or two things at once."""

import io
import struct
import zlib
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

ERRORS: Final = {413, 415, 422}
QUICKLY: Final = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that claims side × side pixels."""
    chunks = b""
    for name, body in (
        (b"IHDR", struct.pack(">LL5B", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0" * 64)),
        (b"IEND", b""),
    ):
        chunks += struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body))
    return b"\x89PNG\r\n\x1a\n" + chunks


def jpeg(path: Path) -> bytes:
    with Image.open(path) as picture:
        file = io.BytesIO()
        picture.convert("RGB").resize((250, 250)).save(file, "JPEG")
        return file.getvalue()


@pytest.fixture(scope="module")
def small_face(astronaut: Path) -> bytes:
    return jpeg(astronaut)


def refused(answer) -> str:
    assert answer.status_code in ERRORS, answer.text
    document = answer.json()
    assert set(document) == {"error", "request_id"}
    assert "Traceback" not in answer.text
    return str(document["error"]["code"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_image"),
        (b"\x00" * 100, "not_an_image"),
        (b"%PDF-1.7 ...........", "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", None),
        (b"PK\x03\x04" + b"\x00" * 60, "not_an_image"),
        (bomb(60_000), "image_too_large"),
        (bomb(4_000_000_000), None),
    ],
)
def test_files_that_are_no_pictures(api, content: bytes, code: str | None) -> None:
    found = refused(api.ask("POST", "/detect", files={"image": content}))
    assert code is None or found == code


def test_a_picture_with_something_behind_it_is_that_picture(api, small_face: bytes) -> None:
    plain = api.ask("POST", "/detect", files={"image": small_face}).json()
    both = api.ask("POST", "/detect", files={"image": small_face + b"PK\x03\x04<script>alert(1)</script>"})
    assert both.json() == plain


@QUICKLY
@given(data=st.data())
def test_damaged_pictures_are_answered_soundly(api, small_face: bytes, data) -> None:
    content = bytearray(small_face)
    for _ in range(data.draw(st.integers(1, 30))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    answer = api.ask("POST", "/detect", files={"image": bytes(content[:cut])})
    assert answer.status_code == 200 or refused(answer)


@QUICKLY
@given(st.binary(max_size=300), st.sampled_from(["multipart/form-data; boundary=b", "application/json"]))
def test_any_bytes_as_a_body(api, content: bytes, kind: str) -> None:
    refused(api.ask("POST", "/verify", data=content, headers={"Content-Type": kind}))


@pytest.mark.parametrize(
    "name",
    ['x"; filename="y', "../../etc/passwd", "a\x00b", "x" * 5000, "image"],
)
def test_names_of_fields_and_files_lead_nowhere(api, small_face: bytes, name: str) -> None:
    answer = api.ask("POST", "/detect", files={name: (name, small_face)})
    assert answer.status_code == 200 if name == "image" else refused(answer)


def test_too_many_parts(api) -> None:
    many = [("image", ("a", b"x"))] * 3
    assert refused(api.ask("POST", "/detect", files=many)) == "invalid_request"
    fields = [(f"field{number}", (None, "x")) for number in range(100)]
    assert refused(api.ask("POST", "/detect", files=fields)) == "invalid_request"


def test_nothing_of_a_request_is_left_on_the_disk(start_api, pictures, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened: list[str] = []
    monkeypatch.setattr(
        "tempfile.SpooledTemporaryFile.rollover", lambda _: opened.append("spooled to the disk")
    )
    api = start_api()
    large = pictures["hopper"] + bytes(5_000_000)
    for _ in range(2):
        answer = api.ask("POST", "/verify", files={"probe": pictures["collins"], "reference": large})
        assert answer.status_code == 200, answer.text
    assert api.ask("POST", "/detect", files={"image": b"\x00" * 3_000_000}).status_code == 422
    assert opened == []
    assert list(tmp_path.iterdir()) == []
