"""Sealed values open to what they were, and to nothing else: wrong key, changed, cut, moved."""

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.gallery.cipher import PLAIN, AesCipher

CIPHER = AesCipher(bytes(range(32)))
OTHER = AesCipher(bytes(range(1, 33)))
DIGEST = hashlib.sha256(b"a picture").hexdigest()
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def row(**more: Any) -> dict[str, Any]:
    return {"id": "0" * 32, **more}


@given(name=TEXT, consent=st.none() | TEXT, vector=st.binary(), crop=st.none() | st.binary(), row_id=TEXT)
def test_what_was_sealed_opens(
    name: str, consent: str | None, vector: bytes, crop: bytes | None, row_id: str
) -> None:
    columns = {
        "id": row_id,
        "name": name,
        "consent": consent,
        "embedding": vector,
        "crop": crop,
        "content_sha256": hashlib.sha256(vector).hexdigest(),
        "sharpness": 3.5,
    }
    stored = CIPHER.sealed(columns)
    assert CIPHER.opened(stored) == columns
    assert CIPHER.vector(stored["embedding"], row_id) == vector
    assert PLAIN.opened(PLAIN.sealed(columns)) == columns


@given(st.binary(min_size=16))
def test_nothing_of_a_value_shows_and_no_two_are_alike(secret: bytes) -> None:
    first, second = (CIPHER.sealed(row(embedding=secret))["embedding"] for _ in range(2))
    assert secret not in first
    assert first != second
    assert first[:12] != second[:12]  # the nonce


def test_names_and_digests_are_found_by_being_equal() -> None:
    stored = CIPHER.sealed(row(name_key="anna", content_sha256=DIGEST))
    assert stored["name_key"] == CIPHER.lookup("anna") != CIPHER.lookup("bea")
    assert stored["content_sha256"] == CIPHER.lookup_digest(DIGEST)
    assert len(stored["name_key"]) == len(stored["content_sha256"]) == 64
    assert stored["name_key"] != OTHER.lookup("anna")
    assert stored["content_sha256"] != OTHER.lookup_digest(DIGEST)


SEALED = CIPHER.sealed(
    row(name="Anna", consent="form 12", embedding=b"v" * 64, crop=b"png", content_sha256=DIGEST)
)


def changed(value: str | bytes, place: int) -> str | bytes:
    """One bit of a stored value turned over."""
    data = bytearray(base64.b64decode(value) if isinstance(value, str) else value)
    data[place % len(data)] ^= 1
    return base64.b64encode(data).decode() if isinstance(value, str) else bytes(data)


@pytest.mark.parametrize("column", ["name", "consent", "embedding", "crop", "content_sha256"])
def test_another_key_opens_nothing(column: str) -> None:
    with pytest.raises(ValueError, match="cannot be opened"):
        OTHER.opened(row(**{column: SEALED[column]}))


@given(
    column=st.sampled_from(["name", "consent", "embedding", "crop", "content_sha256"]), place=st.integers(0)
)
def test_a_changed_bit_is_found(column: str, place: int) -> None:
    with pytest.raises(ValueError, match="cannot be opened"):
        CIPHER.opened(row(**{column: changed(SEALED[column], place)}))


@pytest.mark.parametrize("size", [0, 5, 12, 20, 27])
def test_a_value_cut_short_is_found(size: int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the library has words of its own for some)
        CIPHER.opened(row(embedding=SEALED["embedding"][:size]))
    with pytest.raises(ValueError):  # noqa: PT011
        CIPHER.opened(row(name=base64.b64encode(base64.b64decode(SEALED["name"])[:size]).decode()))
    with pytest.raises(ValueError):  # noqa: PT011
        CIPHER.opened(row(content_sha256=SEALED["content_sha256"][: 4 * (size // 4)]))


def test_a_value_moved_to_another_row_or_column_is_found() -> None:
    with pytest.raises(ValueError, match="cannot be opened"):
        CIPHER.opened({**SEALED, "id": "1" * 32})
    with pytest.raises(ValueError, match="cannot be opened"):
        CIPHER.opened({**SEALED, "name": SEALED["consent"]})
    with pytest.raises(ValueError, match="cannot be opened"):
        CIPHER.opened({**SEALED, "embedding": SEALED["crop"]})


@pytest.mark.parametrize("nonsense", [b"bytes", 7, 1.5, "not base64 !"])
def test_what_a_damaged_file_may_hold_instead(nonsense: object) -> None:
    for column in ("name", "content_sha256"):
        with pytest.raises(ValueError):  # noqa: PT011
            CIPHER.opened(row(**{column: nonsense}))
    with pytest.raises(ValueError):  # noqa: PT011
        CIPHER.vector("text", "0" * 32)
