"""Many short texts in little memory."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["PackedText"]

_ID_DIGITS = 32
_ID_BYTES = 16


class PackedText:
    """A sequence of texts that never changes, end to end in UTF-8.

    Ids (32 hexadecimal digits) take 16 bytes each, if all of the texts are such; a list of Python's
    strings takes 89. Reading one is made of them anew, so it is for the few that are shown.
    """

    __slots__ = ("_data", "_ends")

    def __init__(self, texts: Iterable[str]) -> None:
        texts = list(texts)
        self._ends: NDArray[np.int64] | None = None
        packed = _from_hex("".join(texts)) if set(map(len, texts)) <= {_ID_DIGITS} else None
        if packed is not None:
            self._data = packed
            return
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        self._data = b"".join(encoded)
        self._ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)

    @classmethod
    def of_ascii(cls, texts: NDArray[np.bytes_]) -> "PackedText":
        """From an array of ASCII bytes, such as many ids are read into."""
        if texts.itemsize != _ID_DIGITS or (packed := _from_hex(texts.tobytes().decode("ascii"))) is None:
            return cls(text.decode("ascii") for text in texts.tolist())
        made = cls(())
        made._data = packed
        return made

    def __len__(self) -> int:
        return len(self._data) // _ID_BYTES if self._ends is None else len(self._ends)

    def __getitem__(self, index: int) -> str:
        """The text at ``index``, 0 … len - 1."""
        if self._ends is None:
            return self._data[_ID_BYTES * index : _ID_BYTES * (index + 1)].hex()
        start = self._ends[index - 1] if index else 0
        return self._data[start : self._ends[index]].decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))


def _from_hex(digits: str) -> bytes | None:
    """The bytes, or None if these are not the digits that ``hex()`` gives."""
    try:
        packed = bytes.fromhex(digits)
    except ValueError:
        return None
    return packed if packed.hex() == digits else None
