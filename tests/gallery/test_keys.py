"""The data key of a gallery, wrapped by a passphrase or a key file."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from facenet_app.errors import UsageError, WrongKey
from facenet_app.gallery.keys import GalleryKeys, ScryptCost, create_key_file, unwrap, wrap

DATA_KEY = bytes(range(32))
CHEAP = ScryptCost(2**4)
WORDS = "correct horse battery"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "gallery.key"
    create_key_file(path)
    return path


def test_a_passphrase(tmp_path: Path) -> None:
    keys = GalleryKeys(passphrase=WORDS)
    wrapping = wrap(DATA_KEY, keys, CHEAP)
    assert unwrap(wrapping, keys) == DATA_KEY
    assert unwrap(wrapping, GalleryKeys(tmp_path / "none", WORDS)) == DATA_KEY
    with pytest.raises(WrongKey, match="not the passphrase"):
        unwrap(wrapping, GalleryKeys(passphrase=WORDS + "!"))
    with pytest.raises(WrongKey, match=r"none was given; .*FACENET_APP_GALLERY_PASSPHRASE"):
        unwrap(wrapping, GalleryKeys())


def test_a_key_file(key_file: Path, tmp_path: Path) -> None:
    keys = GalleryKeys(key_file)
    wrapping = wrap(DATA_KEY, keys)
    assert unwrap(wrapping, keys) == DATA_KEY
    other = tmp_path / "other.key"
    create_key_file(other)
    with pytest.raises(WrongKey, match="not that of this gallery"):
        unwrap(wrapping, GalleryKeys(other))
    with pytest.raises(WrongKey, match=r"none was given; .*FACENET_APP_GALLERY_KEY_FILE"):
        unwrap(wrapping, GalleryKeys(passphrase=WORDS))
    with pytest.raises(WrongKey, match="cannot be read"):
        unwrap(wrapping, GalleryKeys(tmp_path / "missing"))


def test_a_key_file_is_its_owners_and_never_written_over(key_file: Path) -> None:
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    before = key_file.read_bytes()
    with pytest.raises(UsageError, match="cannot be made"):
        create_key_file(key_file)
    assert key_file.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"secret",
        b"\xff" * 64,
        b"facenet-app gallery key 1: c2hvcnQ=",
        b"facenet-app gallery key 1: !",
        b"facenet-app gallery key 1: " + b"A" * 4000,
    ],
)
def test_a_file_that_is_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(WrongKey, match="no key file"):
        wrap(DATA_KEY, GalleryKeys(path))


def test_one_secret_and_not_a_short_one(key_file: Path) -> None:
    for keys in (GalleryKeys(), GalleryKeys(key_file, WORDS)):
        with pytest.raises(UsageError, match="one key"):
            wrap(DATA_KEY, keys)
    with pytest.raises(UsageError, match="12 characters"):
        wrap(DATA_KEY, GalleryKeys(passphrase="short"))


def test_composed_and_decomposed_letters_are_the_same_passphrase() -> None:
    wrapping = wrap(DATA_KEY, GalleryKeys(passphrase="zw\u00f6lf Boxk\u00e4mpfer"), CHEAP)
    assert unwrap(wrapping, GalleryKeys(passphrase="zwo\u0308lf Boxka\u0308mpfer")) == DATA_KEY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2**5),
        ("r", 4),
        ("p", 2),
        ("salt", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("nonce", "A" * 16),
        ("data_key", "A" * 64),
    ],
)
def test_a_changed_header_does_not_open(name: str, value: object) -> None:
    wrapping = wrap(DATA_KEY, GalleryKeys(passphrase=WORDS), CHEAP)
    with pytest.raises(WrongKey):
        unwrap({**wrapping, name: value}, GalleryKeys(passphrase=WORDS))


@pytest.mark.parametrize(
    "change",
    [
        {"n": 2**40},
        {"n": 3},
        {"n": -4},
        {"n": "many"},
        {"r": 10**6},
        {"p": 0},
        {"version": 2},
        {"from": "thin air"},
        {"salt": None},
        {"nonce": 5},
        {"data_key": "?"},
    ],
)
def test_a_header_that_makes_no_sense_is_damage_and_costs_nothing(change: dict[str, Any]) -> None:
    wrapping = wrap(DATA_KEY, GalleryKeys(passphrase=WORDS), CHEAP)
    with pytest.raises(ValueError):  # noqa: PT011 (several places say so in their own words)
        unwrap({**wrapping, **change}, GalleryKeys(passphrase=WORDS))
    missing = {name: value for name, value in wrapping.items() if name not in change}
    with pytest.raises(ValueError, match="damaged"):
        unwrap(missing, GalleryKeys(passphrase=WORDS))


def test_the_published_vector_of_scrypt_and_what_wrapping_is() -> None:
    """RFC 7914, section 12, and the wrapping undone by hand."""
    import base64
    import json

    expected = "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
    assert Scrypt(salt=b"NaCl", length=64, n=1024, r=8, p=16).derive(b"password").hex().startswith(expected)
    wrapping = wrap(DATA_KEY, GalleryKeys(passphrase=WORDS), CHEAP)
    secret = Scrypt(salt=base64.b64decode(wrapping["salt"]), length=32, n=16, r=8, p=1).derive(WORDS.encode())
    nonce, sealed = (base64.b64decode(wrapping.pop(name)) for name in ("nonce", "data_key"))
    said = json.dumps(wrapping, sort_keys=True).encode()
    assert AESGCM(secret).decrypt(nonce, sealed, said) == DATA_KEY
    with pytest.raises(InvalidTag):
        AESGCM(os.urandom(32)).decrypt(nonce, sealed, said)


def test_no_secret_shows() -> None:
    assert WORDS not in repr(GalleryKeys(passphrase=WORDS))
    assert WORDS not in str(wrap(DATA_KEY, GalleryKeys(passphrase=WORDS), CHEAP))
