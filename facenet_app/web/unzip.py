"""A ZIP file of pictures, unpacked so that nothing in it can do harm."""

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from facenet_app.imaging.decode import PICTURE_SUFFIXES
from facenet_app.web import text
from facenet_app.web.own_errors import WrongInput

__all__ = ["UnzipLimits", "unpack_pictures"]

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class UnzipLimits:
    """``picture_bytes`` of one picture and ``total_bytes`` of all of them, unpacked; ``files`` of them."""

    picture_bytes: int
    total_bytes: int = 4_000_000_000
    files: int = 50_000


def unpack_pictures(archive: Path, folder: Path, limits: UnzipLimits) -> list[tuple[PurePosixPath, Path]]:
    """Write the pictures of a ZIP file to ``folder/<number>/<number>.<suffix>``.

    Names in the file become numbers: they are data, and no path on this machine is made of them. Files
    that are no pictures, and hidden ones (macOS adds some), are left out.

    Args:
        archive: the file.
        folder: exists and is empty.
        limits: counted while unpacking, because what a ZIP file says of sizes may be a lie.

    Returns:
        Each picture's name in the ZIP file, and where it is now; those of one folder are in one folder.

    Raises:
        WrongInput: this is no ZIP file, it is damaged or encrypted, beyond a limit, or without pictures.
    """
    folders: dict[PurePosixPath, int] = {}
    unpacked: list[tuple[PurePosixPath, Path]] = []
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [each for each in opened.infolist() if _is_picture(each)]
            if len(members) > limits.files:
                too_many = text.zip_too_many(number=len(members), most=limits.files)
                raise WrongInput(too_many, text.ZIP_USE_FOLDERS)
            left = limits.total_bytes
            for number, member in enumerate(members):
                path = PurePosixPath(member.filename)
                parent = folder / f"{folders.setdefault(path.parent, len(folders)):05d}"
                parent.mkdir(exist_ok=True)
                target = parent / f"{number:05d}{path.suffix.lower()}"
                left -= _write(opened, member, target, min(limits.picture_bytes, left))
                unpacked.append((path, target))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zipfile.LargeZipFile) as error:
        raise WrongInput(*text.NO_ZIP) from error
    if not unpacked:
        raise WrongInput(*text.NO_PICTURE_IN_ZIP)
    return unpacked


def _is_picture(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not member.is_dir() and not hidden and path.suffix.lower() in PICTURE_SUFFIXES


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, most: int) -> int:
    """Unpack one file of at most ``most`` bytes; gives its size."""
    size = 0
    with opened.open(member) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise WrongInput(*text.ZIP_TOO_LARGE)
            sink.write(chunk)
    return size
