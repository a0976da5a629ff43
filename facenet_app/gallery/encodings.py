"""Embeddings that people have from elsewhere, as NumPy files: ``.npz``, or ``.npy`` with a list of names.

That is how programs around face_recognition keep what they call encodings. Such a file says nothing
of its model, so whoever imports it has to; and it has no pictures, so no other model can embed it again.
Nothing is unpickled, and no array is read before its header fits the file's size.
"""

import errno
import hashlib
import io
import math
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from facenet_app.domain import Quality
from facenet_app.errors import ArchiveRefused, InvalidName, UsageError
from facenet_app.gallery.incoming import Incoming, IncomingPerson, IncomingSample
from facenet_app.gallery.names import checked_name, name_key
from facenet_app.gallery.rows import NORM_TOLERANCE, is_unit, new_id, vector_to_bytes

__all__ = ["ENCODINGS_SUFFIXES", "read_encodings"]

ENCODINGS_SUFFIXES: Final = (".npy", ".npz")

_LONGEST_HEADER: Final = 10_000
_MOST_BYTES: Final = 4 * 2**30
_MOST_DIMENSIONS: Final = 8192
_LONGEST_NAME_ITEM: Final = 4 * 1000
"""Bytes of one name in an array: UTF-32, and more than any name may have."""
_MOST_SHRUNK: Final = 20
"""How much smaller compression can make numbers that are no bomb."""


def read_encodings(path: Path, names: Path | None, model: str, fingerprint: str) -> Incoming:
    """The people of a file of embeddings, all of it checked.

    Args:
        path: an ``.npz`` with ``encodings``, float (samples, dimension), and ``names``, text (samples,);
            or an ``.npy`` with the former.
        names: for an ``.npy``: a text file in UTF-8 with a name a line.
        model: id of the model that made them, as the user says.
        fingerprint: of that model.

    Raises:
        UsageError: a file is missing, or ``names`` is given or missing where it should not be.
        ArchiveRefused: the content is not that, a name cannot be one, or a vector is not of length 1.
    """
    if (path.suffix.lower() == ".npy") != (names is not None):
        raise UsageError(
            "an .npy file needs --names with a text file of names, and an .npz file has them inside",
            "give both files, or save both arrays with numpy.savez(FILE, encodings=…, names=…)",
        )
    try:
        vectors, spelled = _read(path, names)
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        # EINVAL: a zip that says that an array lies before its start.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            reason = (error.strerror or "unknown reason").lower()
            raise UsageError(f"{path} cannot be read ({reason})", "check the path") from error
        raise _refused("it is no such NumPy file, or is damaged") from error
    _check(vectors, spelled)
    people = _people(vectors, spelled, fingerprint)
    with path.open("rb") as file:
        return Incoming(
            model,
            fingerprint,
            people,
            vectors,
            source_sha256=hashlib.file_digest(file, "sha256").hexdigest(),
        )


def _read(path: Path, names: Path | None) -> tuple[NDArray[np.float32], list[str]]:
    """float32 (samples, dimension), and whose each is."""
    if names is not None:
        with path.open("rb") as file:
            vectors = _floats(file, path.stat().st_size)
        return vectors, names.read_text(encoding="utf-8").splitlines()
    with zipfile.ZipFile(path) as archive:
        if sorted(archive.namelist()) != ["encodings.npy", "names.npy"]:
            raise _refused("an .npz file needs the arrays 'encodings' and 'names', and none else")
        info = archive.getinfo("encodings.npy")
        if info.file_size > _MOST_SHRUNK * info.compress_size:
            raise _refused("its numbers are compressed more than numbers can be")
        with archive.open(info) as file:
            vectors = _floats(file, info.file_size)
        info = archive.getinfo("names.npy")
        with archive.open(info) as file:
            return vectors, _texts(file, info.file_size, len(vectors))


def _floats(file: IO[bytes], size: int) -> NDArray[np.float32]:
    shape, dtype, head = _header(file, size)
    if dtype.kind != "f" or len(shape) != 2 or not 1 <= shape[1] <= _MOST_DIMENSIONS:
        raise _refused("the encodings are not a table of numbers, one row for each sample")
    return _array(file, head).astype(np.float32)


def _texts(file: IO[bytes], size: int, count: int) -> list[str]:
    shape, dtype, head = _header(file, size)
    if dtype.kind != "U" or shape != (count,) or dtype.itemsize > _LONGEST_NAME_ITEM:
        raise _refused("the names are not one text for each encoding")
    return [str(name) for name in _array(file, head)]


def _header(file: IO[bytes], size: int) -> tuple[tuple[int, ...], np.dtype[Any], bytes]:
    """Shape, kind and bytes of the header of an ``.npy`` file, whose size must be what they promise."""
    head = io.BytesIO(file.read(_LONGEST_HEADER))
    version = npy.read_magic(head)
    if version not in ((1, 0), (2, 0)):
        raise _refused("it is of a version of NumPy's format that is not known")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    try:
        shape, _, dtype = read(head, max_header_size=_LONGEST_HEADER)
    except (SyntaxError, TokenError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("a header that is none") from error  # NumPy parses it as Python does
    promised = head.tell() + math.prod(shape) * dtype.itemsize
    if dtype.hasobject or promised != size or size > _MOST_BYTES:
        raise _refused("an array in it has another size than it says")
    return shape, dtype, head.getvalue()


def _array(file: IO[bytes], head: bytes) -> NDArray[Any]:
    array: NDArray[Any] = npy.read_array(
        io.BytesIO(head + file.read()), allow_pickle=False, max_header_size=_LONGEST_HEADER
    )
    return array


def _check(vectors: NDArray[np.float32], names: Sequence[str]) -> None:
    if len(names) != len(vectors) or not names:
        raise _refused(f"there are {len(names):,} names for {len(vectors):,} encodings")
    wrong = np.flatnonzero(~is_unit(vectors))
    if len(wrong):
        raise ArchiveRefused(
            f"{len(wrong):,} of {len(vectors):,} encodings do not have length 1 (within {NORM_TOLERANCE:g}), "
            f"the first in row {wrong[0] + 1}",
            "import embeddings that this model made; those of dlib and face_recognition are of another one",
        )


def _people(
    vectors: NDArray[np.float32], spelled: Sequence[str], fingerprint: str
) -> tuple[IncomingPerson, ...]:
    """One person for each name, with every different encoding; all of them enrolled now."""
    now = datetime.now(UTC)
    names: dict[str, str] = {}
    owned: dict[str, dict[str, IncomingSample]] = {}
    seen: set[str] = set()
    for row, spelling in enumerate(spelled):
        try:
            name = checked_name(spelling)
        except InvalidName as error:
            raise _refused(f"the name in row {row + 1} cannot be one") from error
        key = name_key(name)
        names.setdefault(key, name)
        digest = hashlib.sha256(f"{fingerprint}\n".encode() + vector_to_bytes(vectors[row])).hexdigest()
        mine = owned.setdefault(key, {})
        if digest in seen and digest not in mine:
            raise _refused(f"the encoding in row {row + 1} is there under another name as well")
        seen.add(digest)
        mine.setdefault(digest, IncomingSample(new_id(), row, digest, now, Quality(None, None), None))
    return tuple(
        IncomingPerson(new_id(), name, now, tuple(owned[key].values())) for key, name in names.items()
    )


def _refused(why: str) -> ArchiveRefused:
    return ArchiveRefused(
        f"the encodings were refused, because {why}", "nothing was changed; write the file again"
    )
