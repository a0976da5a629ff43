"""The digest of the file that people were imported from, in the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column, empty for what was imported before; the digests of entries without it stay right."""
    op.add_column("audit", sa.Column("source_sha256", sa.String(64)))
