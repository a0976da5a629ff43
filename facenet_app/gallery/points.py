"""The operating points that a gallery keeps for itself, inside a transaction of the caller.

They stay when the gallery is bound to another model, whose fingerprint is another one, and are in
force again if it comes back.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from facenet_app.domain import AuditAction, OperatingPoint
from facenet_app.errors import ModelMismatch, UsageError
from facenet_app.gallery.audit import record
from facenet_app.gallery.schema import gallery, operating_points

__all__ = ["keep_points", "read_points", "write_points"]


def read_points(connection: Connection) -> tuple[OperatingPoint, ...]:
    """The points measured for the gallery's model, the strictest first.

    Raises:
        ValueError: a row is damaged.
    """
    query = (
        select(operating_points)
        .join(gallery, gallery.c.fingerprint == operating_points.c.fingerprint)
        .order_by(operating_points.c.target_fmr)
    )
    try:
        points = tuple(OperatingPoint.from_dict(row.measured) for row in connection.execute(query))
    except (KeyError, AttributeError) as error:
        raise ValueError("an operating point cannot be read back") from error
    if any(not 0 <= point.threshold <= 2 for point in points):
        raise ValueError("a threshold that is no distance")
    return points


def write_points(connection: Connection, points: Sequence[OperatingPoint]) -> None:
    """Keep these points for the gallery's model, and none else.

    Raises:
        ModelMismatch, UsageError: see :meth:`facenet_app.gallery.store.GalleryStore.set_operating_points`.
    """
    header = connection.execute(select(gallery)).one()
    rows = []
    for point in points:
        if point.fingerprint != header.fingerprint:
            raise ModelMismatch(
                f"a threshold of model {point.fingerprint} means nothing in a gallery of {header.model} "
                f"({header.fingerprint})",
                "calibrate with the gallery's model",
            )
        if point.target_fmr is None:
            raise UsageError(
                "a threshold given by hand is no operating point", "measure one with `facenet-app calibrate`"
            )
        rows.append(
            {
                "fingerprint": point.fingerprint,
                "target_fmr": point.target_fmr,
                "measured": point.to_dict(),
            }
        )
    connection.execute(delete(operating_points).where(operating_points.c.fingerprint == header.fingerprint))
    if rows:
        connection.execute(insert(operating_points), rows)
    record(connection, AuditAction.CALIBRATE)


def keep_points(connection: Connection, points: Sequence[OperatingPoint], *, replace: bool) -> None:
    """Add points of any model to those that are there.

    Args:
        connection: of a transaction that writes.
        points: each with a target FMR.
        replace: whether they take the place of points of the same model and rate.
    """
    there = {
        (row.fingerprint, row.target_fmr)
        for row in connection.execute(select(operating_points.c.fingerprint, operating_points.c.target_fmr))
    }
    for point in points:
        key = (point.fingerprint, point.target_fmr)
        if key in there and not replace:
            continue
        of_the_same = (operating_points.c.fingerprint == key[0]) & (operating_points.c.target_fmr == key[1])
        connection.execute(delete(operating_points).where(of_the_same))
        row = {"fingerprint": key[0], "target_fmr": key[1], "measured": point.to_dict()}
        connection.execute(insert(operating_points).values(row))
