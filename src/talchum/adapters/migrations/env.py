"""Alembic runs this file: the revisions, on the connection that `talchum.adapters.schema` gives."""

from __future__ import annotations

from alembic import context

from talchum.adapters.database import METADATA

# A batch copies a table where SQLite cannot alter it.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
