"""``facenet-app gallery encrypt``, ``rotate-key`` and ``decrypt``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from facenet_app.cli.asking import agreed, left_alone, may_ask
from facenet_app.cli.copy_lines import copy_lines
from facenet_app.cli.options import Given, Yes, examples, takes
from facenet_app.cli.run import emit
from facenet_app.errors import UsageError

if TYPE_CHECKING:
    from facenet_app.gallery.copies import GalleryCopy
    from facenet_app.gallery.keys import GalleryKeys

__all__ = [
    "DECRYPT_EXAMPLES",
    "ENCRYPT_EXAMPLES",
    "ROTATE_EXAMPLES",
    "decrypt",
    "encrypt",
    "rotate_key",
]

ENCRYPT_EXAMPLES: Final = examples(
    "gallery encrypt --key-file /media/stick/gallery.key", "gallery encrypt --passphrase"
)
ROTATE_EXAMPLES: Final = examples(
    "gallery rotate-key --key-file /media/stick/new.key", "gallery rotate-key --passphrase-file new.txt"
)
DECRYPT_EXAMPLES: Final = examples("gallery decrypt", "gallery decrypt --yes")

KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", metavar="FILE", help="Key file from now on; made if it is not there."),
]
AskPassphrase = Annotated[bool, typer.Option("--passphrase", help="Ask for a passphrase.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help="Take the first line of a file as passphrase."),
]


@takes("gallery")
def encrypt(
    given: Given,
    key_file: KeyFile = None,
    passphrase: AskPassphrase = False,
    passphrase_file: PassphraseFile = None,
) -> int:
    """Encrypt the names, notes, embeddings and pictures in the gallery.

    Without the key nobody can read them any more, you included: keep a copy of it elsewhere.
    """
    from facenet_app.gallery.copies import copies_of

    with given.store(any_model=True) as store:
        keys, made = _new_keys(given, (key_file, passphrase_file), ask=passphrase, make=not store.encrypted)
        store.encrypt(keys)
        copies = copies_of(store.path)
    _done(given, "the gallery is encrypted", (keys, made), copies)
    return 0


@takes("gallery")
def rotate_key(
    given: Given,
    key_file: KeyFile = None,
    passphrase: AskPassphrase = False,
    passphrase_file: PassphraseFile = None,
) -> int:
    """Encrypt the gallery anew with another key.

    The key until now comes from FACENET_APP_GALLERY_KEY_FILE or FACENET_APP_GALLERY_PASSPHRASE.
    """
    from facenet_app.gallery.copies import copies_of

    with given.store(any_model=True) as store:
        keys, made = _new_keys(given, (key_file, passphrase_file), ask=passphrase, make=store.encrypted)
        store.rotate_key(keys)
        copies = copies_of(store.path)
    _done(given, "the gallery has another key", (keys, made), copies)
    return 0


@takes("gallery")
def decrypt(given: Given, yes: Yes = False) -> int:
    """Store everything in the gallery readable again."""
    with given.store(any_model=True) as store:
        if not agreed(given, "Store names, embeddings and pictures readable again?", yes=yes):
            return left_alone(given)
        store.decrypt()
    emit({"encrypted": False}, ["the gallery is not encrypted any more"], as_json=given.json)
    return 0


def _new_keys(
    given: Given, files: tuple[Path | None, Path | None], *, ask: bool, make: bool
) -> "tuple[GalleryKeys, bool]":
    """The key from now on, and whether a file was made for it: only with ``make``, and if it is missing."""
    from facenet_app.gallery.keys import GalleryKeys, create_key_file

    key_file, passphrase_file = files
    if [key_file is not None, passphrase_file is not None, ask].count(True) != 1:
        raise UsageError("a gallery has one key", "give --key-file, --passphrase or --passphrase-file")
    if key_file is not None:
        made = make and not key_file.exists()
        if made:
            create_key_file(key_file)
        return GalleryKeys(key_file), made
    if passphrase_file is not None:
        return GalleryKeys(passphrase=_first_line(passphrase_file)), False
    if not may_ask(given):
        raise UsageError("nobody can be asked for a passphrase here", "give --passphrase-file or --key-file")
    text: str = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return GalleryKeys(passphrase=text), False


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the passphrase cannot be read from {path}", "check the file") from error


def _done(
    given: Given, sentence: str, key: "tuple[GalleryKeys, bool]", copies: "Sequence[GalleryCopy]"
) -> None:
    keys, made = key
    lines = [sentence, *copy_lines(copies, "these copies are as they were, delete or replace them:")]
    if keys.key_file is None:
        lines.append("from now on every command needs FACENET_APP_GALLERY_PASSPHRASE")
    else:
        lines.append(
            f"from now on every command needs FACENET_APP_GALLERY_KEY_FILE={keys.key_file.absolute()}"
        )
        if made:
            lines.append("the key file is new: keep a copy of it elsewhere, without it everybody is lost")
    document = {
        "encrypted": True,
        "key": "passphrase" if keys.key_file is None else "key-file",
        "key_file": None if keys.key_file is None else str(keys.key_file),
        "key_file_made": made,
        "copies": [copy.to_dict() for copy in copies],
    }
    emit(document, lines, as_json=given.json)
