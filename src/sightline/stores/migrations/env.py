"""What Alembic runs for every command; the connection is the caller's, and so is its transaction."""

from __future__ import annotations

from alembic import context

from sightline.stores.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
