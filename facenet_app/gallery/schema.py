"""The tables of a gallery, in types that SQLite and PostgreSQL share.

The tables are made by the scripts in ``migrations/versions``, never from here; a test holds the two
together. A change is a new script and a new :data:`LATEST`.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)
from sqlalchemy.types import TypeDecorator

from facenet_app.domain.audit import NO_HEAD

__all__ = [
    "LATEST",
    "UtcTime",
    "audit",
    "changes",
    "crops",
    "fresh_embeddings",
    "gallery",
    "identities",
    "metadata",
    "operating_points",
    "samples",
]

LATEST: Final = "0010"
"""The migration that this program's tables come from; later ones sort after it."""


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite forgets the zone, PostgreSQL may answer in another one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

gallery = Table(
    "gallery",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("created_at", UtcTime, nullable=False),
    Column("model", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("revision", Integer, nullable=False),  # raised by one in every transaction that writes
    Column("unwiped_revision", Integer),  # a removal whose bytes may still be in the file; mostly NULL
    # The change log is complete for the revisions after this one.
    Column("changes_since", Integer, nullable=False, server_default="0"),
    # How long the audit trail is and what its last digest is: a trail cut short shows, too.
    Column("audit_entries", Integer, nullable=False, server_default="0"),
    Column("audit_head", String(64), nullable=False, server_default=NO_HEAD),
    Column("encryption", JSON(none_as_null=True)),  # the wrapped data key; NULL: nothing is encrypted
    CheckConstraint("id = 1", name="one_row"),
)

identities = Table(
    "identities",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String, nullable=False),
    # Lists are in the same order on every database: that of code points.
    Column(
        "name_key",
        String().with_variant(String(collation="C"), "postgresql"),
        nullable=False,
        unique=True,
    ),
    Column("enrolled_at", UtcTime, nullable=False),
    Column("consent", String),  # a note, such as where the signed form is
    Column("expires_at", UtcTime, index=True),  # from then on never found; NULL: never
)

samples = Table(
    "samples",
    metadata,
    Column("number", Integer, primary_key=True),  # in order of enrollment, which times may tie in
    Column("id", String(32), nullable=False, unique=True),
    Column(
        "identity_id", String(32), ForeignKey("identities.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("embedding", LargeBinary, nullable=False),  # float32, little-endian, unit length
    Column("dimension", Integer, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("eye_distance", Float, nullable=False),  # 0: neither this nor the sharpness was measured
    Column("sharpness", Float, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("content_sha256", String(64), nullable=False, unique=True),
    Column("enrolled_at", UtcTime, nullable=False),
    Column("alignment", String),
    # Not measured by the programs before version 0003: NULL.
    Column("exposure", Float),
    Column("pose", Float),
    Column("score", Float),
    Column("file_sha256", String(64), index=True),  # of the picture file; NULL where it is not known
)

# Most of a gallery's bytes: apart, so that whoever reads samples does not read over them.
crops = Table(
    "crops",
    metadata,
    Column(
        "sample_number",
        Integer,
        ForeignKey("samples.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("crop", LargeBinary, nullable=False),  # PNG; no row where crops are not kept
)

# Of a re-embedding that is not finished; see facenet_app.gallery.reembed.
fresh_embeddings = Table(
    "fresh_embeddings",
    metadata,
    Column("sample_id", String(32), ForeignKey("samples.id", ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("embedding", LargeBinary, nullable=False),
)

operating_points = Table(
    "operating_points",
    metadata,
    Column("fingerprint", String, primary_key=True),
    Column("target_fmr", Float, primary_key=True),
    Column("measured", JSON, nullable=False),  # the whole point, as OperatingPoint.to_dict() gives it
)

changes = Table(
    "changes",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("revision", Integer, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("identity_id", String(32)),  # no foreign key, but nobody who was removed stays in here
    Column("sample_number", Integer),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("identity_id", String(32)),  # no foreign key: it stays when the person goes
    Column("other_id", String(32)),
    Column("samples", Integer),
    Column("request_id", String),
    Column("digest", String(64), nullable=False),
    Column("source_sha256", String(64)),  # of the file that was imported
)
