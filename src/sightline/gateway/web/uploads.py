"""Files that clients send: read up to the limit, never beyond."""

from __future__ import annotations

from fastapi import UploadFile

from sightline.exceptions import ImageError
from sightline.settings import Settings

__all__ = ["read_upload"]


async def read_upload(upload: UploadFile, settings: Settings) -> bytes:
    """The bytes of an uploaded picture. Raises `ImageError` when it is empty or larger than the limit."""
    limit = settings.max_image_mib * 1024 * 1024
    data = await upload.read(limit + 1)
    if len(data) > limit:
        raise ImageError(f"the file is larger than {settings.max_image_mib} MiB", code="FRAME_TOO_LARGE")
    if not data:
        raise ImageError("the file is empty")
    return data
