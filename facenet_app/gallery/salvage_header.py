"""What a damaged gallery says of itself as a whole."""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from facenet_app.errors import GalleryError
from facenet_app.gallery.cipher import PLAIN, AesCipher, Cipher
from facenet_app.gallery.damaged_file import UNREADABLE, DamagedFile
from facenet_app.gallery.keys import GalleryKeys, unwrap

__all__ = ["SalvageHeader", "cipher_of_header", "read_header"]

_UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class SalvageHeader:
    """What the gallery says of itself; ``encryption`` is the wrapped key, None for a readable gallery."""

    model: str
    fingerprint: str
    encryption: dict[str, Any] | None


def read_header(file: DamagedFile) -> SalvageHeader:
    """The header; if it cannot be read, the fingerprint that most samples have."""
    for row in file.rows("gallery", ("model", "fingerprint", "encryption")):
        with suppress(ValueError, RecursionError):
            model, fingerprint, encryption = (row.values or {}).values()
            if isinstance(model, str) and isinstance(fingerprint, str):
                return SalvageHeader(
                    model, fingerprint, json.loads(encryption) if encryption is not None else None
                )
    rows = file.rows("samples", ("fingerprint",))
    said = Counter(row.values["fingerprint"] for row in rows if row.values)
    said.pop(UNREADABLE, None)
    return SalvageHeader(_UNKNOWN, str(said.most_common(1)[0][0]) if said else _UNKNOWN, None)


def cipher_of_header(header: SalvageHeader, keys: GalleryKeys) -> Cipher:
    """What opens the values of that gallery.

    Raises:
        WrongKey: it is encrypted, and the key is missing or another one.
        GalleryError: it is encrypted, and nothing says with which key.
    """
    if header.encryption is None:
        return PLAIN
    try:
        return AesCipher(unwrap(header.encryption, keys))
    except ValueError as error:
        raise GalleryError(
            "the gallery is encrypted, and what its key was wrapped in cannot be read",
            "restore a backup with `facenet-app gallery restore`",
        ) from error
