"""The change log, by which searches keep up with other processes; the rest of a sample's quality; and the
vectors that a PostgreSQL server searches.
"""

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
    if op.get_bind().dialect.name == "postgresql":
        _create_vectors()


def _create_vectors() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "sample_vectors",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("identity_id", sa.String(32), nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_sample_vectors"),
        sa.ForeignKeyConstraint(
            ["number"], ["samples.number"], ondelete="CASCADE", name="fk_sample_vectors_number"
        ),
    )
    op.create_index("ix_sample_vectors_identity_id", "sample_vectors", ["identity_id"])
    op.create_table(
        "centroids",
        sa.Column("identity_id", sa.String(32), nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("identity_id", name="pk_centroids"),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identities.id"], ondelete="CASCADE", name="fk_centroids_identity_id"
        ),
    )
    op.create_table(
        "vector_searches",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.String),
        sa.Column("rows_then", sa.Integer),
        sa.Column("recalls", sa.JSON),
        sa.PrimaryKeyConstraint("name", name="pk_vector_searches"),
    )
    op.execute(COUNTING)
    for table in ("sample_vectors", "centroids"):
        # Of any dimension, as models differ; in the row, because a scan reads every one.
        op.execute(f"ALTER TABLE {table} ADD COLUMN vector vector NOT NULL")
        op.execute(f"ALTER TABLE {table} SET (toast_tuple_target = 8160)")
        op.execute(f"INSERT INTO vector_searches (name, rows) VALUES ('{table}', 0)")  # noqa: S608 (constants)
        for event, transition in (("INSERT", "NEW"), ("DELETE", "OLD")):
            op.execute(
                f"CREATE TRIGGER count_{table}_{event.lower()} AFTER {event} ON {table} "
                f"REFERENCING {transition} TABLE AS touched "
                "FOR EACH STATEMENT EXECUTE FUNCTION count_vectors()"
            )


COUNTING = """
CREATE FUNCTION count_vectors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE vector_searches
    SET rows = rows + (SELECT count(*) FROM touched) * CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END
    WHERE name = TG_TABLE_NAME;
    RETURN NULL;
END $$
"""
