"""Crops in a table of their own, so that whoever reads embeddings does not read over pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table and move every crop there."""
    op.create_table(
        "crops",
        sa.Column("sample_number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("crop", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("sample_number", name="pk_crops"),
        sa.ForeignKeyConstraint(
            ["sample_number"], ["samples.number"], ondelete="CASCADE", name="fk_crops_sample_number"
        ),
    )
    op.execute(
        "INSERT INTO crops (sample_number, crop) "
        "SELECT number, crop FROM samples WHERE crop IS NOT NULL ORDER BY number"
    )
    if op.get_bind().dialect.name == "postgresql":
        # There, dropping a column only hides it: its bytes would outlive the person.
        op.execute("UPDATE samples SET crop = NULL WHERE crop IS NOT NULL")
    op.drop_column("samples", "crop")
    # Whoever opens the gallery wipes it then, which gives the room back and puts the samples close together.
    op.execute("UPDATE gallery SET unwiped_revision = revision WHERE EXISTS (SELECT 1 FROM crops)")
