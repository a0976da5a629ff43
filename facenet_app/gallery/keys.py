"""The key of an encrypted gallery: a random data key, wrapped by a passphrase or by a key file.

The gallery's header keeps the wrapping, which is worth nothing without the secret. A passphrase goes
through scrypt (RFC 7914), whose cost is stored beside its salt; a key file is 32 random bytes. The
data key is wrapped with AES-256-GCM, with everything else in the wrapping as associated data.
"""

import base64
import json
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from facenet_app.errors import UsageError, WrongKey

__all__ = ["SHORTEST_PASSPHRASE", "GalleryKeys", "ScryptCost", "create_key_file", "unwrap", "wrap"]

SHORTEST_PASSPHRASE: Final = 12
"""Characters; of a new one."""

_KEY_FILE: Final = "facenet-app gallery key 1: "
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class GalleryKeys:
    """What is at hand to open an encrypted gallery: a key file, a passphrase, both or neither."""

    key_file: Path | None = None
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """How hard guessing a passphrase is: memory is ``128 * n * r`` bytes. Stored with the gallery.

    The defaults are OWASP's (Password Storage Cheat Sheet, 2025): 128 MiB, some tenths of a second.
    """

    n: int = 2**17
    r: int = 8
    p: int = 1

    def __post_init__(self) -> None:
        # Also read from the file: one that somebody has changed must not take all of the memory.
        if not (
            2 <= self.n <= 2**20 and not self.n & (self.n - 1) and 1 <= self.r <= 16 and 1 <= self.p <= 4
        ):
            raise ValueError(f"no cost for scrypt: {self.n}, {self.r}, {self.p}")

    def key(self, passphrase: str, salt: bytes) -> bytes:
        """32 bytes from a passphrase; the same characters typed on another keyboard are the same."""
        text = unicodedata.normalize("NFC", passphrase).encode()
        return Scrypt(salt=salt, length=_KEY_BYTES, n=self.n, r=self.r, p=self.p).derive(text)


def wrap(data_key: bytes, keys: GalleryKeys, cost: ScryptCost | None = None) -> dict[str, Any]:
    """A data key for the gallery's header, as JSON keeps it.

    Args:
        data_key: 32 random bytes.
        keys: a key file or a passphrase, one of them.
        cost: of guessing the passphrase.

    Raises:
        UsageError: both or neither were given, or the passphrase is too short.
        WrongKey: the key file cannot be read, or is none.
    """
    if (keys.key_file is None) == (keys.passphrase is None):
        raise UsageError("a gallery has one key", "give a key file or a passphrase")
    wrapping: dict[str, Any]
    if keys.key_file is not None:
        wrapping = {"version": 1, "from": "key-file"}
        secret = _read_key_file(keys.key_file)
    else:
        assert keys.passphrase is not None
        if len(keys.passphrase) < SHORTEST_PASSPHRASE:
            raise UsageError(
                f"a passphrase needs {SHORTEST_PASSPHRASE} characters or more",
                "take several words that nobody would guess",
            )
        cost, salt = cost or ScryptCost(), os.urandom(_SALT_BYTES)
        wrapping = {"version": 1, "from": "passphrase", "n": cost.n, "r": cost.r, "p": cost.p}
        wrapping["salt"] = _text(salt)
        secret = cost.key(keys.passphrase, salt)
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(secret).encrypt(nonce, data_key, _associated(wrapping))
    return {**wrapping, "nonce": _text(nonce), "data_key": _text(sealed)}


def unwrap(wrapping: Mapping[str, Any], keys: GalleryKeys) -> bytes:
    """The data key back.

    Raises:
        WrongKey: the secret that it needs was not given, cannot be read, or is another one.
        ValueError: the wrapping makes no sense.
    """
    try:
        nonce, sealed = _bytes(wrapping["nonce"]), _bytes(wrapping["data_key"])
        secret = _secret(wrapping, keys)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the header of the encryption is damaged") from error
    try:
        return AESGCM(secret).decrypt(nonce, sealed, _associated(wrapping))
    except InvalidTag as error:
        raise _wrong(wrapping, keys) from error


def create_key_file(path: Path) -> None:
    """Make a file with a new random key, for its owner only.

    Raises:
        UsageError: there is a file already, or none can be made there.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise UsageError(f"the key file {path} cannot be made ({reason})", "choose another place") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{_KEY_FILE}{_text(os.urandom(_KEY_BYTES))}\n")
        file.flush()
        os.fsync(file.fileno())


def _secret(wrapping: Mapping[str, Any], keys: GalleryKeys) -> bytes:
    if wrapping["version"] != 1 or wrapping["from"] not in ("key-file", "passphrase"):
        raise ValueError("a way of encryption that this program does not know")
    if wrapping["from"] == "key-file":
        if keys.key_file is None:
            raise WrongKey(
                "the gallery is encrypted with a key file, and none was given",
                "name it with FACENET_APP_GALLERY_KEY_FILE",
            )
        return _read_key_file(keys.key_file)
    if keys.passphrase is None:
        raise WrongKey(
            "the gallery is encrypted with a passphrase, and none was given",
            "put it into FACENET_APP_GALLERY_PASSPHRASE",
        )
    cost = ScryptCost(wrapping["n"], wrapping["r"], wrapping["p"])
    return cost.key(keys.passphrase, _bytes(wrapping["salt"]))


def _wrong(wrapping: Mapping[str, Any], keys: GalleryKeys) -> WrongKey:
    if wrapping["from"] == "key-file":
        return WrongKey(
            f"the key in {keys.key_file} is not that of this gallery",
            "look for the file that it was made with",
        )
    return WrongKey("this is not the passphrase of the gallery", "correct FACENET_APP_GALLERY_PASSPHRASE")


def _read_key_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            line = file.read(200).decode("ascii").strip()
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise WrongKey(f"the key file {path} cannot be read ({reason})", "check the path") from error
    except UnicodeDecodeError:
        line = ""
    try:
        key = _bytes(line.removeprefix(_KEY_FILE)) if line.startswith(_KEY_FILE) else b""
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise WrongKey(
            f"{path} is no key file of a gallery", "give the file that `facenet-app gallery encrypt` made"
        )
    return key


def _associated(wrapping: Mapping[str, Any]) -> bytes:
    """What the wrapping says besides the sealed key, so that nobody can change it unseen."""
    said = {name: value for name, value in wrapping.items() if name not in ("nonce", "data_key")}
    return json.dumps(said, sort_keys=True).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
