"""How large a picture may be, and reading a file no further than that."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from facenet_app.errors import EmptyImage, ImageNotFound, ImageTooLarge

__all__ = ["ImageLimits", "check_bytes", "check_pixels", "read_file"]


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The largest picture accepted: bytes of its file, and pixels (width × height)."""

    max_bytes: int
    max_pixels: int


def check_bytes(size: int, name: str, most: int) -> None:
    """Refuse a file of more than ``most`` bytes.

    Raises:
        EmptyImage: it has none.
        ImageTooLarge: it has more.
    """
    if size > most:
        raise ImageTooLarge(
            f"{name} has more than the {most:,} bytes that are accepted",
            "save it smaller or compress it more",
        )
    if size == 0:
        raise EmptyImage(f"{name} is empty (0 bytes)", "save or download it again")


def check_pixels(width: int, height: int, name: str, most: int) -> None:
    """Refuse a picture of more than ``most`` pixels.

    Raises:
        EmptyImage: it has none.
        ImageTooLarge: it has more.
    """
    if width <= 0 or height <= 0:
        raise EmptyImage(f"{name} has no pixels ({width} × {height})", "give a picture that shows something")
    if width * height > most:
        raise ImageTooLarge(
            f"{name} has {width:,} × {height:,} pixels, and no more than {most:,} are accepted",
            "scale it down",
        )


def read_file(path: str | Path, name: str, most: int) -> bytes:
    """The bytes of a picture file, read once; one that grows meanwhile is not read beyond the limit.

    Args:
        path: of a regular file.
        name: what messages call the picture.
        most: bytes accepted.

    Raises:
        ImageNotFound: a folder, not a file, not there, or not to be read.
        EmptyImage, ImageTooLarge: see :func:`check_bytes`; too large a file is not even opened.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - Path("") would be the current folder
        if stat.S_ISDIR(found.st_mode):
            raise ImageNotFound(f"{name} is a folder", "give the path of a picture in it")
        if not stat.S_ISREG(found.st_mode):  # opening a pipe could wait for ever
            raise ImageNotFound(f"{name} is not a file", "give the path of a picture")
        check_bytes(found.st_size, name, most)
        with Path(path).open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError as error:
        raise ImageNotFound(f"{name} was not found", "check the path") from error
    except (OSError, ValueError) as error:  # ValueError: a null byte, or not to be encoded as a file name
        raise ImageNotFound(f"{name} cannot be read", "check the path and its permissions") from error
    check_bytes(len(data), name, most)
    return data
