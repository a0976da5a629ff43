"""Alembic runs this file for every upgrade; the connection comes with an open transaction."""

from alembic import context

# Batches, because SQLite can change few things of a table in place. The transaction around them is
# the caller's: a script that fails leaves the gallery as it was.
context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
