"""Operating points that somebody measured for this gallery's own pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "operating_points",
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("target_fmr", sa.Float, nullable=False),
        sa.Column("measured", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "target_fmr", name="pk_operating_points"),
    )
