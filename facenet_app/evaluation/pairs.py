"""Lists of pairs to compare: a CSV table or LFW's format, told apart by content."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from facenet_app.errors import ImageNotFound, UsageError
from facenet_app.evaluation.lfw import Pair, read_pairs
from facenet_app.table import read_table, read_text

__all__ = ["PairList", "existing", "read_pair_list"]

YES = frozenset({"1", "true", "yes", "mated", "same"})
NO = frozenset({"0", "false", "no", "non-mated", "non_mated", "different"})


@dataclass(frozen=True, slots=True, eq=False)
class PairList:
    """Pairs of pictures in the order of the list.

    Attributes:
        pictures: every picture once, as the list writes its path, sorted.
        probe: int64 (P,), rows of ``pictures``.
        reference: int64 (P,), rows of ``pictures``.
        mated: bool (P,), the ground truth.
        fold: int64 (P,), from 0; all 0 in a list without folds.
        person: int64 (number of pictures,): pictures with equal numbers show the same person.
        names_people: the list says who is on each picture. If not, ``person`` joins what mated pairs
            link, and pictures of one person may have several numbers.
    """

    pictures: tuple[str, ...]
    probe: NDArray[np.int64]
    reference: NDArray[np.int64]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int64]
    person: NDArray[np.int64]
    names_people: bool

    def __len__(self) -> int:
        return int(self.mated.size)


def read_pair_list(path: Path) -> PairList:
    """The pairs of a CSV table or of a list in LFW's format.

    A table has the columns ``probe``, ``reference`` and ``mated`` (1/0, true/false or yes/no), in any
    order, separated by commas, semicolons or tabs, and may have ``fold`` (a whole number from 0).

    Raises:
        UsageError: the file cannot be read, or a line is not as it should be (with its number).
    """
    text = read_text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if all(count.isdecimal() for count in first.split()) and first:
        return lfw_pair_list(read_pairs(path))
    return _from_pairs(_table(path), people=None)


def lfw_pair_list(pairs: Sequence[Pair]) -> PairList:
    """Pairs of LFW's lists: there the folder of a picture is its person."""
    return _from_pairs(pairs, people={name: name.partition("/")[0] for name in _pictures(pairs)})


def existing(root: Path, pictures: Sequence[str]) -> list[Path]:
    """The paths of these pictures under ``root``, all of them files.

    Raises:
        ImageNotFound: some are missing; the message says how many and which is the first.
    """
    paths = [root / picture for picture in pictures]
    missing = [picture for picture, path in zip(pictures, paths, strict=True) if not path.is_file()]
    if missing:
        raise ImageNotFound(
            f"{len(missing):,} of the {len(pictures):,} pictures of the list are not in {root}; "
            f"the first is {missing[0]}",
            "check the folder given with --images",
        )
    return paths


def _pictures(pairs: Iterable[Pair]) -> list[str]:
    return sorted({picture for pair in pairs for picture in (pair.probe, pair.reference)})


def _from_pairs(pairs: Sequence[Pair], people: dict[str, str] | None) -> PairList:
    pictures = _pictures(pairs)
    row = {picture: index for index, picture in enumerate(pictures)}
    probe = np.array([row[pair.probe] for pair in pairs], np.int64)
    reference = np.array([row[pair.reference] for pair in pairs], np.int64)
    mated = np.array([pair.mated for pair in pairs], np.bool_)
    if people is None:
        person = _linked(probe[mated], reference[mated], len(pictures))
    else:
        person = np.unique([people[picture] for picture in pictures], return_inverse=True)[1].astype(np.int64)
    wrong = np.flatnonzero(~mated & (person[probe] == person[reference]))
    if wrong.size:
        pair = pairs[int(wrong[0])]
        raise UsageError(
            f"the list contradicts itself: {pair.probe} and {pair.reference} are said to be of different "
            "people, and of the same person",
            "correct the column mated",
        )
    fold = np.array([pair.fold for pair in pairs], np.int64)
    return PairList(tuple(pictures), probe, reference, mated, fold, person, people is not None)


def _linked(first: NDArray[np.int64], second: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The number of the connected component of each picture."""
    links = coo_array((np.ones(first.size, np.bool_), (first, second)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


def _table(path: Path) -> list[Pair]:
    table = read_table(path)
    names = [name.lower() for name in table.names]
    lacking = [name for name in ("probe", "reference", "mated") if name not in names]
    if lacking:
        raise UsageError(
            f"{path} is no list of pairs: its first line lacks the column {lacking[0]}",
            "give a CSV table with the columns probe, reference and mated, or a list in LFW's format",
        )
    if not table.lines:
        raise UsageError(f"the list of pairs {path} has no pairs", "add a line for each pair")
    return [_pair(path, number, dict(zip(names, row.values(), strict=True))) for number, row in table.lines]


def _pair(path: Path, number: int, row: dict[str, str]) -> Pair:
    probe, reference, mated, fold = row["probe"], row["reference"], row["mated"].lower(), row.get("fold", "0")
    wrong = ""
    if not probe or not reference:
        wrong = "a picture is missing"
    elif probe == reference:
        wrong = "a picture is compared with itself"
    elif mated not in YES | NO:
        wrong = f"mated is 1 or 0, not {row['mated']!r}"
    elif not (fold.isascii() and fold.isdecimal() and len(fold) < 10):
        wrong = f"fold is a whole number from 0, not {fold!r}"
    if wrong:
        raise UsageError(f"line {number} of {path}: {wrong}", "correct that line")
    return Pair(probe, reference, mated=mated in YES, fold=int(fold))
