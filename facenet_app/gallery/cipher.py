"""Single values of a gallery, sealed and opened again: names, consent notes, embeddings, crops.

Every sealed value is AES-256-GCM under a fresh random nonce, with the column and the id of the row
as associated data: a value that was changed, cut, or moved to another row or column does not open.
What has to be found by being equal is not sealed like that: a name's key becomes its HMAC-SHA-256,
and the digest of a picture goes through AES-SIV (RFC 5297), which gives the same for the same and
can be undone. All keys come from the gallery's one data key (HKDF). Nothing here touches SQL.
"""

import base64
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["DATA_KEY_BYTES", "PLAIN", "AesCipher", "Cipher", "PlainCipher"]

DATA_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Cipher(Protocol):
    """Between values as they are and values as they are stored."""

    def sealed(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of one row as they are stored; ``id`` must be among them."""
        ...

    def opened(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        """The columns of one stored row as they are; ``id`` must be among them, ``name_key`` stays.

        Raises:
            ValueError: a value was sealed with another key, for another row, or was changed.
        """
        ...

    def vector(self, data: object, sample_id: str) -> object:
        """The bytes of one stored embedding as they are; quicker than :meth:`opened` for many.

        Raises:
            ValueError: as :meth:`opened`.
        """
        ...

    def lookup(self, name_key: str) -> str:
        """What ``identities.name_key`` holds for this key of a name."""
        ...

    def lookup_digest(self, content_sha256: str) -> str:
        """What ``samples.content_sha256`` or ``file_sha256`` holds for this digest."""
        ...


class PlainCipher:
    """Of a gallery that is not encrypted: everything stays as it is."""

    def sealed(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        return dict(columns)

    def opened(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        return dict(row)

    def vector(self, data: object, sample_id: str) -> object:  # noqa: ARG002 (the interface)
        return data

    def lookup(self, name_key: str) -> str:
        return name_key

    def lookup_digest(self, content_sha256: str) -> str:
        return content_sha256


PLAIN: Final = PlainCipher()


class AesCipher:
    """Of an encrypted gallery; see the module.

    Args:
        data_key: 32 random bytes.
    """

    def __init__(self, data_key: bytes) -> None:
        self._values = AESGCM(_derived(data_key, b"values", 32))
        self._digests = AESSIV(_derived(data_key, b"digests", 64))
        self._names = _derived(data_key, b"names", 32)
        self._seal: dict[str, Callable[[Any, str, str], Any]] = {
            "name": self._seal_text,
            "consent": self._seal_text,
            "embedding": self._seal_bytes,
            "crop": self._seal_bytes,
            "name_key": lambda key, _column, _id: self.lookup(key),
            "content_sha256": lambda digest, _column, _id: self.lookup_digest(digest),
            "file_sha256": lambda digest, _column, _id: self.lookup_digest(digest),
        }
        self._open: dict[str, Callable[[Any, str, str], Any]] = {
            "name": self._open_text,
            "consent": self._open_text,
            "embedding": self._open_bytes,
            "crop": self._open_bytes,
            "content_sha256": lambda text, _column, _id: self._open_digest(text),
            "file_sha256": lambda text, _column, _id: self._open_digest(text),
        }

    def sealed(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        return _each(self._seal, columns)

    def opened(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        return _each(self._open, row)

    def vector(self, data: object, sample_id: str) -> bytes:
        return self._open_bytes(data, "embedding", sample_id)

    def lookup(self, name_key: str) -> str:
        code = hmac.HMAC(self._names, hashes.SHA256())
        code.update(name_key.encode())
        return code.finalize().hex()

    def lookup_digest(self, content_sha256: str) -> str:
        sealed = self._digests.encrypt(bytes.fromhex(content_sha256), None)
        return base64.b64encode(sealed).decode()

    def _open_digest(self, text: object) -> str:
        return _checked(lambda: self._digests.decrypt(_from_base64(text), None)).hex()

    def _seal_bytes(self, data: bytes, column: str, row_id: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._values.encrypt(nonce, data, _place(column, row_id))

    def _open_bytes(self, data: object, column: str, row_id: str) -> bytes:
        if not isinstance(data, bytes):
            raise ValueError("a sealed value is not stored as bytes")
        nonce, sealed = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        return _checked(lambda: self._values.decrypt(nonce, sealed, _place(column, row_id)))

    def _seal_text(self, text: str, column: str, row_id: str) -> str:
        return base64.b64encode(self._seal_bytes(text.encode(), column, row_id)).decode()

    def _open_text(self, text: object, column: str, row_id: str) -> str:
        return self._open_bytes(_from_base64(text), column, row_id).decode()


def _each(forms: Mapping[str, Callable[[Any, str, str], Any]], row: Mapping[Any, Any]) -> dict[str, Any]:
    changed = dict(row)
    for column, form in forms.items():
        if changed.get(column) is not None:
            changed[column] = form(changed[column], column, changed["id"])
    return changed


def _checked(decrypt: Callable[[], bytes]) -> bytes:
    """What ``decrypt`` gives; a value that does not open is damage like any other."""
    try:
        return decrypt()
    except InvalidTag as error:
        raise ValueError("a sealed value cannot be opened") from error


def _from_base64(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("a sealed text is not stored as text")
    return base64.b64decode(text, validate=True)


def _place(column: str, row_id: str) -> bytes:
    return f"{column}:{row_id}".encode()


def _derived(data_key: bytes, purpose: bytes, size: int) -> bytes:
    """A key for one purpose: knowing it says nothing of the others."""
    hkdf = HKDF(hashes.SHA256(), size, salt=None, info=b"facenet-app gallery 1 " + purpose)
    return hkdf.derive(data_key)
