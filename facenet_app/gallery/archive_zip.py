"""Reading a zip file that may have been made to do harm."""

import hashlib
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from facenet_app.errors import ArchiveRefused, UsageError
from facenet_app.gallery.archive_format import refused

__all__ = ["StoredZip"]

_END: Final = b"PK\x05\x06"
_LOCATOR_64: Final = b"PK\x06\x07"
_LONGEST_END: Final = 22 + 65_535 + 20 + 56
"""Bytes of the records at the end of a zip file, with the longest comment and those of zip64."""

_MOST_DIRECTORY_BYTES: Final = 128 * 2**20
"""The list of members is read into memory before anything of it can be checked: 1.5 million of ours."""

_CHUNK: Final = 2**20

_ENCRYPTED: Final = 0x1


class StoredZip:
    """The members of a zip file, all of them stored without compression, none of them twice.

    So nothing can unfold to more than the file has, whatever it says of its sizes. Use it in a ``with``.

    Raises:
        UsageError: there is no file at ``path``.
        ArchiveRefused: it is no zip file, or not one like that.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise UsageError(f"{path} cannot be read ({reason})", "check the path") from error
        try:
            with _zip_errors("it is no zip file, or is cut short"):
                _refuse_long_directory(self._file)
                self._zip = zipfile.ZipFile(self._file)
            self._members = self._checked()
        except ArchiveRefused:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    @property
    def names(self) -> frozenset[str]:
        """Names of the members, as they stand: compare them, and write nothing under them."""
        return frozenset(self._members)

    def size(self, name: str) -> int:
        """Bytes of a member."""
        return self._members[name].file_size

    def read(self, name: str, most: int | None = None) -> bytes:
        """All of a member.

        Raises:
            ArchiveRefused: it is missing, damaged, or longer than ``most`` bytes.
        """
        if name not in self._members:
            raise refused(f"{name} is missing")
        if most is not None and self.size(name) > most:
            raise refused(f"{name} has {self.size(name):,} bytes, more than {most:,}")
        with _zip_errors(f"{name} is damaged"), self._zip.open(self._members[name]) as member:
            return member.read()

    def lines(self, name: str, longest: int) -> Iterator[bytes]:
        """The lines of a member, without their ends; the last one must have one, too.

        Raises:
            ArchiveRefused: it is missing or damaged, or a line is longer than that.
        """
        if name not in self._members:
            raise refused(f"{name} is missing")
        with _zip_errors(f"{name} is damaged"), self._zip.open(self._members[name]) as member:
            while line := member.readline(longest + 1):
                if not line.endswith(b"\n"):
                    raise refused(f"{name} has a line that is too long or not ended")
                yield line[:-1]

    def sha256(self, name: str) -> str:
        """The digest of a member. Raises as :meth:`read`."""
        digest = hashlib.sha256()
        if name not in self._members:
            raise refused(f"{name} is missing")
        with _zip_errors(f"{name} is damaged"), self._zip.open(self._members[name]) as member:
            while chunk := member.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def file_sha256(self) -> str:
        """The digest of the whole file."""
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                raise refused("a member is compressed, which those of an archive are not")
            if info.flag_bits & _ENCRYPTED:
                raise refused("a member is encrypted")
            if info.filename in members:
                raise refused("two members have the same name")
            members[info.filename] = info
        size = os.fstat(self._file.fileno()).st_size
        if sum(info.file_size for info in members.values()) > size:
            raise refused("its members are larger than the file, so they lie on top of each other")
        return members


@contextmanager
def _zip_errors(why: str) -> Iterator[None]:
    """Whatever Python's module raises about a zip file that was made up."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OverflowError,
        EOFError,
        OSError,
        struct.error,
    ) as error:
        raise refused(why, error) from error


def _refuse_long_directory(file: BinaryIO) -> None:
    """Look at the size of the list of members before it is read.

    Raises:
        ArchiveRefused: it is too long, or there is no end of a zip file.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - _LONGEST_END))
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + 22:
        raise refused("it is no zip file, or is cut short")
    length = struct.unpack_from("<L", tail, end + 12)[0]
    if end >= 76 and tail[end - 20 : end - 16] == _LOCATOR_64:
        length = struct.unpack_from("<Q", tail, end - 36)[0]  # of the record of 56 bytes before the locator
    if length > _MOST_DIRECTORY_BYTES:
        raise refused("it lists more members than any gallery has")
