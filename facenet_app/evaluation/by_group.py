"""Errors by group of people: everybody gets the same threshold, and it need not treat all alike."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from facenet_app.domain import Rate
from facenet_app.errors import UsageError
from facenet_app.evaluation import bootstrap
from facenet_app.evaluation.breakdown import Subgroup, SubgroupTable
from facenet_app.evaluation.compared import Compared
from facenet_app.evaluation.subjects import SubjectPairs

__all__ = ["subgroup_tables"]

MOST_VALUES = 50
"""Of one attribute: more are no groups but names or measurements."""
MOST_CROSSED = 8
"""Up to so many groups are compared with each other, too."""


def subgroup_tables(
    compared: Compared, attributes: Mapping[str, Sequence[str]], threshold: float
) -> tuple[SubgroupTable, ...]:
    """FMR and FNMR within each group, and FMR across groups, at one threshold.

    Args:
        compared: pairs among N pictures.
        attributes: the N values of each attribute; "" where unknown.
        threshold: a distance.

    Raises:
        UsageError: an attribute has too many values to be groups.
    """
    return tuple(
        SubgroupTable(
            attribute=name,
            threshold=threshold,
            rows=tuple(_rows(compared, name, values, threshold)),
            unlabelled=sum(value == "" for value in values),
        )
        for name, values in attributes.items()
    )


def _rows(compared: Compared, name: str, values: Sequence[str], threshold: float) -> Iterator[Subgroup]:
    groups = sorted(set(values) - {""})
    if len(groups) > MOST_VALUES:
        raise UsageError(
            f"the attribute {name!r} has {len(groups):,} values, and at most {MOST_VALUES} make groups",
            "join values into groups, or leave the column out",
        )
    column = np.array(values)
    for group in groups:
        pairs = compared.among(column == group)
        yield Subgroup(group, None, int((column == group).sum()), *_rates(pairs, threshold))
    if len(groups) > MOST_CROSSED:
        return
    for group, other in combinations(groups, 2):
        pairs = compared.across(column == group, column == other)
        either = (column == group) | (column == other)
        yield Subgroup(group, other, int(either.sum()), *_rates(pairs, threshold))


def _rates(pairs: SubjectPairs, threshold: float) -> tuple[Rate | None, Rate | None]:
    return (
        bootstrap.fmr(pairs, threshold) if pairs.non_mated_pairs else None,
        bootstrap.fnmr(pairs, threshold) if pairs.mated.size else None,
    )
