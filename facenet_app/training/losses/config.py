"""What can be chosen about a loss."""

from dataclasses import dataclass
from math import isfinite

from facenet_app.errors import UsageError
from facenet_app.training.distance import Distance, distance_named

__all__ = ["ContrastiveConfig", "SoftMarginConfig", "SoftmaxConfig", "TripletConfig"]


@dataclass(frozen=True, slots=True)
class TripletConfig:
    """For the triplet losses with a margin.

    Args:
        margin: how much farther the negative must be than the positive, in units of ``distance``. FaceNet
            uses 0.2 on squared distances.
        distance: what "farther" means; a name such as ``"cosine"`` will do.

    Raises:
        UsageError: a margin below 0 or not finite, or an unknown distance.
    """

    margin: float = 0.2
    distance: Distance = Distance.SQUARED

    def __post_init__(self) -> None:
        object.__setattr__(self, "distance", distance_named(self.distance))
        _check("margin", self.margin, self.margin >= 0, "0 or more")


@dataclass(frozen=True, slots=True)
class SoftMarginConfig:
    """For the soft-margin triplet loss, which has no margin.

    Raises:
        UsageError: an unknown distance.
    """

    distance: Distance = Distance.EUCLIDEAN

    def __post_init__(self) -> None:
        object.__setattr__(self, "distance", distance_named(self.distance))


@dataclass(frozen=True, slots=True)
class ContrastiveConfig:
    """For the contrastive loss.

    Args:
        margin: non-mated pairs at least so far apart cost nothing, in units of ``distance``.
        distance: the paper's is ``euclidean``.

    Raises:
        UsageError: a margin not above 0 or not finite, or an unknown distance.
    """

    margin: float = 1.0
    distance: Distance = Distance.EUCLIDEAN

    def __post_init__(self) -> None:
        object.__setattr__(self, "distance", distance_named(self.distance))
        _check("margin", self.margin, self.margin > 0, "above 0")


@dataclass(frozen=True, slots=True)
class SoftmaxConfig:
    """For InfoNCE and N-pair, whose similarity is ``- distance / temperature``.

    Args:
        temperature: the lower, the more the nearest negatives count. With ``cosine`` and unit vectors a
            temperature of 1 is the N-pair paper's dot product, 0.07 InfoNCE's usual setting.
        distance: with ``cosine`` the loss is the usual one on cosine similarities.

    Raises:
        UsageError: a temperature not above 0 or not finite, or an unknown distance.
    """

    temperature: float = 0.07
    distance: Distance = Distance.COSINE

    def __post_init__(self) -> None:
        object.__setattr__(self, "distance", distance_named(self.distance))
        _check("temperature", self.temperature, self.temperature > 0, "above 0")


def _check(name: str, value: float, allowed: bool, wanted: str) -> None:
    if not (allowed and isfinite(value)):
        raise UsageError(f"the loss's {name} is {value}", f"give a finite number, {wanted}")
