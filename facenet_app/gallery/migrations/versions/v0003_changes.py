"""The change log, by which searches keep up with other processes, and the rest of a sample's quality."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the log, complete from now on, and the columns."""
    op.create_table(
        "changes",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("identity_id", sa.String(32)),
        sa.Column("sample_number", sa.Integer),
        sa.PrimaryKeyConstraint("number", name="pk_changes"),
    )
    op.create_index("ix_changes_revision", "changes", ["revision"])
    op.add_column("gallery", sa.Column("changes_since", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE gallery SET changes_since = revision")
    for name in ("exposure", "pose", "score"):
        op.add_column("samples", sa.Column(name, sa.Float))
