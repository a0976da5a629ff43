"""Which cipher a gallery's values go through, inside a transaction of the caller."""

import threading
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from facenet_app.gallery.cipher import PLAIN, AesCipher, Cipher
from facenet_app.gallery.keys import GalleryKeys, unwrap
from facenet_app.gallery.schema import gallery

__all__ = ["KEY_RING", "KeyRing", "cipher_of"]

KEY_RING: Final = "key_ring"
"""The execution option in which connections of an unlocked database carry their :class:`KeyRing`."""


class KeyRing:
    """What opens the galleries of one database, and the cipher that it opened last: going from a
    passphrase to a key takes a while. Safe to use from several threads.
    """

    def __init__(self, keys: GalleryKeys) -> None:
        self._keys = keys
        self._lock = threading.Lock()
        self._opened: tuple[Mapping[str, Any], Cipher] | None = None

    def cipher(self, wrapping: Mapping[str, Any]) -> Cipher:
        """The cipher of a gallery with this header.

        Raises:
            WrongKey, ValueError: see :func:`facenet_app.gallery.keys.unwrap`.
        """
        with self._lock:
            if self._opened is None or self._opened[0] != wrapping:
                self._opened = (wrapping, AesCipher(unwrap(wrapping, self._keys)))
            return self._opened[1]


def cipher_of(connection: Connection) -> Cipher:
    """The cipher of the gallery as it is in this transaction; another process may have changed it.

    Raises:
        WrongKey: it is encrypted, and the key is missing or another one.
        ValueError: its header is damaged.
    """
    if connection.dialect.name != "sqlite":  # only files are encrypted by this program
        return PLAIN
    wrapping = connection.execute(select(gallery.c.encryption)).scalar_one()
    if wrapping is None:
        return PLAIN
    ring: KeyRing = connection.get_execution_options().get(KEY_RING) or KeyRing(GalleryKeys())
    return ring.cipher(wrapping)
