"""What was seen in the past, and the strangers in it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from sightline.stores.schema.tables import metadata

__all__ = ["sighting_samples", "sighting_tombstones", "sightings", "strangers"]

strangers = Table(
    "strangers", metadata,
    Column("id", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("merged_into_id", String, ForeignKey("strangers.id")),
    Column("root_id", String, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("number"),
    Index(None, "root_id"),
)  # fmt: skip
"""Groups of sightings of people whom nobody has enrolled; `root_id` is where following `merged_into_id` ends."""

sightings = Table(
    "sightings", metadata,
    Column("id", String, primary_key=True),
    Column("key", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("track_id", String, nullable=False),
    Column("camera_id", String, nullable=False),
    Column("model_id", String, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("person_id", String, ForeignKey("people.id")),
    Column("stranger_id", String, ForeignKey("strangers.id")),
    Column("grouping", String, nullable=False),
    Column("similarity", Float),
    Column("quality", Float, nullable=False),
    Column("live", Float),
    Column("width_px", Float, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("sealed_vector", LargeBinary, nullable=False),
    Column("no_face_model_id", String),
    UniqueConstraint("key"),
    UniqueConstraint("version"),
    UniqueConstraint("track_id"),
    Index(None, "last_seen_ms", "id"),
    Index(None, "camera_id", "last_seen_ms"),
    Index(None, "person_id", "last_seen_ms"),
    Index(None, "stranger_id", "last_seen_ms"),
    Index(None, "model_id", "key", "no_face_model_id"),
)  # fmt: skip
"""What tracks left. `sealed_key` is a key of the sighting's own, wrapped by that of its person, its stranger, or the
master key: so a sighting changes its owner without being sealed anew. `version` rises with every change of the row,
`key` is the version that it was made with. `no_face_model_id` is the latest model that found no face in the sample, so
that the template stays another's. `grouping` is whether it is still to be grouped: `due`, `join`, `done`."""

sighting_samples = Table(
    "sighting_samples", metadata,
    Column("sighting_id", String, ForeignKey("sightings.id"), primary_key=True),
    Column("sealed_sample", LargeBinary, nullable=False),
)  # fmt: skip
"""Apart from the rows that are read by the million."""

sighting_tombstones = Table(
    "sighting_tombstones", metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("key", BigInteger, nullable=False),
)  # fmt: skip
