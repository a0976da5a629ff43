"""Who has uploaded what."""

import os.path
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from filecmp import cmp
from pathlib import Path, PurePath
from typing import Final

__all__ = ["Uploads"]

MOST_REMEMBERED: Final = 100_000


class Uploads:
    """The visitors from whom each upload came; nobody else is given it, or may have it compared.

    Gradio names the folder of a file after its contents, so that one file can be of several visitors. What
    is made of an upload, such as an annotated video, lies in the same folder.

    Args:
        examples: files of the page itself, which are for everybody, whoever uploads them, too.
    """

    def __init__(self, examples: Iterable[Path] = ()) -> None:
        self._examples = tuple(examples)
        self._visitors: OrderedDict[PurePath, set[str]] = OrderedDict()

    def note(self, paths: Sequence[str], visitor: str) -> None:
        """Remember who has uploaded the files of these paths, which are the server's."""
        for path in paths:
            folder = _place(path).parent
            if not self._is_example(path):
                self._visitors.setdefault(folder, set()).add(visitor)
                self._visitors.move_to_end(folder)
        while len(self._visitors) > MOST_REMEMBERED:
            self._visitors.popitem(last=False)

    def is_others(self, path: str, visitor: str) -> bool:
        """Whether a file is an upload, and none of this visitor's."""
        for folder in _place(path).parents:
            if folder in self._visitors:
                return visitor not in self._visitors[folder]
        return False

    def _is_example(self, path: str) -> bool:
        return Path(path).is_file() and any(cmp(path, each, shallow=False) for each in self._examples)


def _place(path: str) -> PurePath:
    """One name of a file, whatever a client calls it; two slashes at the beginning are one to the system."""
    return PurePath(os.path.sep + os.path.realpath(path).lstrip(os.path.sep))
