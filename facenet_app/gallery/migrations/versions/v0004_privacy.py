"""The audit trail, consent and expiry of a person, and how the gallery is encrypted, if it is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the trail, empty so far, and the columns."""
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("identity_id", sa.String(32)),
        sa.Column("other_id", sa.String(32)),
        sa.Column("samples", sa.Integer),
        sa.Column("request_id", sa.String),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.add_column("gallery", sa.Column("audit_entries", sa.Integer, nullable=False, server_default="0"))
    op.add_column("gallery", sa.Column("audit_head", sa.String(64), nullable=False, server_default="0" * 64))
    op.add_column("gallery", sa.Column("encryption", sa.JSON(none_as_null=True)))
    op.add_column("identities", sa.Column("consent", sa.String))
    op.add_column("identities", sa.Column("expires_at", sa.DateTime(timezone=True)))
    op.create_index("ix_identities_expires_at", "identities", ["expires_at"])
    _append_only()


def _append_only() -> None:
    """No program changes or deletes an entry by mistake; whoever means to is found by the chain."""
    says = "the audit trail can only be added to"
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{what.lower()} BEFORE {what} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN RAISE EXCEPTION '{says}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
    )
