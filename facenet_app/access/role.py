"""What a user of the page may do."""

from enum import StrEnum
from typing import Final

from facenet_app.access.scope import Scope

__all__ = ["Role"]


class Role(StrEnum):
    """Each may do what those before it may."""

    VIEWER = "viewer"
    """Compare photos, and search the gallery, which tells the names of those found."""
    ENROLLER = "enroller"
    """See who is enrolled; add people and pictures."""
    ADMIN = "admin"
    """Rename, merge and remove people; decide about thresholds."""

    @property
    def scopes(self) -> frozenset[Scope]:
        """The rights that a key would need for the same."""
        return _SCOPES[self]


_SCOPES: Final = {
    Role.VIEWER: frozenset({Scope.VERIFY, Scope.IDENTIFY}),
    Role.ENROLLER: frozenset({Scope.VERIFY, Scope.IDENTIFY, Scope.ENROLL}),
    Role.ADMIN: frozenset(Scope),
}
