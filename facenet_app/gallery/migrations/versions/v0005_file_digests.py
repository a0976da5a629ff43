"""The digest of a sample's picture file, by which bulk enrollment skips what is enrolled already."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column, empty for what was enrolled before, and its index."""
    op.add_column("samples", sa.Column("file_sha256", sa.String(64)))
    op.create_index("ix_samples_file_sha256", "samples", ["file_sha256"])
