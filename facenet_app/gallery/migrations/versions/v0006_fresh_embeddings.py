"""Where a re-embedding keeps what it has done, so that it goes on after it was stopped."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "fresh_embeddings",
        sa.Column("sample_id", sa.String(32), nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("sample_id", name="pk_fresh_embeddings"),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["samples.id"], ondelete="CASCADE", name="fk_fresh_embeddings_sample_id"
        ),
    )
