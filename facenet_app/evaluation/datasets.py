"""What can be evaluated on: the protocols of LFW, the user's lists of pairs and labelled folders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.evaluation.attributes import read_attributes
from facenet_app.evaluation.labelled import read_folders
from facenet_app.evaluation.lfw import Pair, read_pairs
from facenet_app.evaluation.pairs import PairList, existing, lfw_pair_list, read_pair_list

__all__ = ["OWN_PICTURES", "PROTOCOLS", "Data", "folders", "lfw", "pair_list", "with_attributes"]

LFW = "Labeled Faces in the Wild"
OWN_PICTURES = "your pictures"
"""Data that came without a name. Stored with thresholds, so the same in every language."""


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """N pictures and which of their pairs are to be compared.

    Attributes:
        name: for people; ``kind`` and ``protocol`` as in :class:`~.result.DataSet`.
        root: the folder that ``names`` are relative to.
        names: N paths with slashes.
        paths: N files.
        person: int64 (N,), from 0, equal for pictures of the same person.
        people: how many people there are; None where a list of pairs does not say.
        listed: the pairs, of these very pictures; None for all pairs.
        attributes: N values of each attribute.
    """

    name: str
    kind: str
    protocol: str
    root: Path
    names: tuple[str, ...]
    paths: tuple[Path, ...]
    person: NDArray[np.int64]
    people: int | None
    listed: PairList | None = None
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)


def lfw(protocol: str, folder: Path) -> Data:
    """A protocol of Labeled Faces in the Wild, one of ``PROTOCOLS``.

    Args:
        protocol: ``lfw`` (View 2), ``lfw-view1`` or ``lfw-all``.
        folder: has the lists (``pairs.txt`` and so on), and the people's folders in ``images`` or itself.

    Raises:
        UsageError: the protocol is not known, or a list is missing or not as it should be.
        ImageNotFound: pictures of a list are missing.
    """
    if protocol not in PROTOCOLS:
        raise UsageError(f"there is no protocol {protocol!r}", f"choose one of {', '.join(PROTOCOLS)}")
    images = _pictures_of_lfw(folder)
    if protocol == "lfw-all":
        return replace(folders(images), name=LFW, kind=protocol)
    if protocol == "lfw-view1":
        training, test = (read_pairs(folder / f"pairsDev{part}.txt") for part in ("Train", "Test"))
        pairs = [
            Pair(pair.probe, pair.reference, mated=pair.mated, fold=fold)
            for fold, part in enumerate((training, test))
            for pair in part
        ]
        return _listed(f"{LFW}, View 1", protocol, images, lfw_pair_list(pairs))
    listed = lfw_pair_list(read_pairs(folder / "pairs.txt"))
    return _listed(f"{LFW}, View 2", protocol, images, listed)


PROTOCOLS: Mapping[str, str] = {
    "lfw": "the threshold with the most right decisions on nine folds decides the tenth; mean over the folds",
    "lfw-view1": "threshold chosen on the training pairs, errors counted on the test pairs",
    "lfw-all": "all pairs of pictures",
}
"""Protocols by name, and what they do."""


def pair_list(path: Path, images: Path) -> Data:
    """The user's list of pairs, in a CSV table or in LFW's format, of pictures in ``images``; for LFW's also
    in its ``images``.

    Raises:
        UsageError: the list is not as it should be.
        ImageNotFound: pictures of the list are missing.
    """
    listed = read_pair_list(path)
    return _listed(path.stem, "pairs", _pictures_of_lfw(images) if listed.names_people else images, listed)


def _pictures_of_lfw(folder: Path) -> Path:
    """Where the people's folders are."""
    return folder / "images" if (folder / "images").is_dir() else folder


def folders(root: Path) -> Data:
    """All pairs of the pictures in ``root/<Person>/``.

    Raises:
        UsageError: there are not enough people or pictures.
    """
    pictures = read_folders(root)
    return Data(
        name=root.resolve().name,
        kind="folders",
        protocol="all pairs of pictures",
        root=root,
        names=pictures.names,
        paths=pictures.paths,
        person=pictures.identities,
        people=len(pictures.people),
    )


def with_attributes(data: Data, table: Path) -> Data:
    """The same with the attributes of a CSV table; see :mod:`.attributes`.

    Raises:
        UsageError: the table is not as it should be, or knows none of the pictures.
    """
    # Paths of lists may be anything; the person is the folder that the picture is in.
    people = [Path(name).parent.name for name in data.names]
    return replace(data, attributes=read_attributes(table).of(data.names, people))


def _listed(name: str, kind: str, images: Path, listed: PairList) -> Data:
    folds = int(np.unique(listed.fold).size)
    return Data(
        name=name,
        kind=kind,
        protocol=PROTOCOLS.get(kind, "the listed pairs" if folds == 1 else f"listed pairs in {folds} folds"),
        root=images,
        names=listed.pictures,
        paths=tuple(existing(images, listed.pictures)),
        person=listed.person,
        people=int(np.unique(listed.person).size) if listed.names_people else None,
        listed=listed,
    )
