"""Cameras, what each watches for, and the figures of their hours."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from sightline.stores.schema.tables import metadata

__all__ = ["camera_hours", "camera_views", "cameras"]

cameras = Table(
    "cameras", metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("sealed_source", LargeBinary, nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("analysis_fps", Float, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("alert_unknown", Boolean, nullable=False),
    Column("sealed_substream", LargeBinary),
    Column("rotation", Integer, nullable=False, server_default="0"),
    Column("blur_faces", String, nullable=False, server_default="off"),
    Column("created_at_ms", BigInteger, nullable=False),
)  # fmt: skip

camera_views = Table(
    "camera_views", metadata,
    Column("camera_id", String, ForeignKey("cameras.id"), primary_key=True),
    Column("view", Text, nullable=False),
)  # fmt: skip
"""What a camera is to watch for, as JSON; one without a row watches for what the settings say."""

camera_hours = Table(
    "camera_hours", metadata,
    Column("camera_id", String, primary_key=True),
    Column("hour_ms", BigInteger, primary_key=True),
    Column("metric", String, primary_key=True),
    Column("detail", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total", Float, nullable=False),
    Column("most", Float, nullable=False),
    Index(None, "hour_ms"),
)  # fmt: skip
"""The past by the hour; it outlives its camera."""
