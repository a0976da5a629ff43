"""The first tables: one gallery, its people, their samples."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

CODE_POINTS = sa.String().with_variant(sa.String(collation="C"), "postgresql")
"""Text in the same order on every database."""


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "gallery",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("unwiped_revision", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_gallery"),
        sa.CheckConstraint("id = 1", name="ck_gallery_one_row"),
    )
    op.create_table(
        "identities",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("name_key", CODE_POINTS, nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.UniqueConstraint("name_key", name="uq_identities_name_key"),
    )
    op.create_table(
        "samples",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("identity_id", sa.String(32), nullable=False),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("eye_distance", sa.Float, nullable=False),
        sa.Column("sharpness", sa.Float, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alignment", sa.String),
        sa.Column("crop", sa.LargeBinary),
        sa.PrimaryKeyConstraint("number", name="pk_samples"),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identities.id"], ondelete="CASCADE", name="fk_samples_identity_id"
        ),
        sa.UniqueConstraint("id", name="uq_samples_id"),
        sa.UniqueConstraint("content_sha256", name="uq_samples_content_sha256"),
    )
    op.create_index("ix_samples_identity_id", "samples", ["identity_id"])
