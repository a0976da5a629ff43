"""Which model a gallery belongs to, inside a transaction of the caller."""

from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from facenet_app.domain import HALF_MARK, MIRROR_MARK, AuditAction, Place
from facenet_app.errors import ModelMismatch
from facenet_app.gallery.audit import record
from facenet_app.gallery.changelog import reload_all
from facenet_app.gallery.schema import gallery, samples

__all__ = ["bind_empty", "refuse_other_model"]

_SETTINGS: Final = (
    (MIRROR_MARK, {True: "FACENET_APP_MIRROR=1", False: "FACENET_APP_MIRROR=0"}),
    (HALF_MARK, {True: "FACENET_APP_PRECISION=half", False: "FACENET_APP_PRECISION=float32"}),
)


def refuse_other_model(connection: Connection, place: Place, model: str, fingerprint: str) -> None:
    """Do nothing if the gallery is for this model, or holds no sample and so could be.

    Raises:
        ModelMismatch: it holds embeddings of another model, or of this one under other settings.
    """
    header = connection.execute(select(gallery)).one()
    if header.fingerprint == fingerprint or connection.execute(select(samples.c.id).limit(1)).first() is None:
        return
    raise ModelMismatch(
        f"the gallery {place} holds embeddings of model {header.model} "
        f"({header.fingerprint}), not of {model} ({fingerprint})",
        _way_out(header, model, fingerprint),
    )


def bind_empty(connection: Connection, place: Place, model: str, fingerprint: str) -> None:
    """Make a gallery without samples one of this model; for a transaction that writes.

    Raises:
        ModelMismatch: as :func:`refuse_other_model`.
    """
    refuse_other_model(connection, place, model, fingerprint)
    connection.execute(update(gallery).values(model=model, fingerprint=fingerprint))
    reload_all(connection)
    record(connection, AuditAction.BIND)


def _way_out(header: Row[Any], model: str, fingerprint: str) -> str:
    """What to do: of the settings, only those that differ."""
    go_on = []
    if header.model != model:
        go_on.append(f"--model {header.model}")
    for mark, setting in _SETTINGS:
        marked = mark in header.fingerprint
        if marked != (mark in fingerprint):
            go_on.append(setting[marked])
    return "run `facenet-app gallery reembed`" + (f", or go on with {' and '.join(go_on)}" if go_on else "")
