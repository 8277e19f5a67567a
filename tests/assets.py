"""The optional folder of photographs and clips with a known ground truth; it is no part of this repository."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["assets_folder"]


def assets_folder() -> Path | None:
    """`SIGHTLINE_TEST_ASSETS`, else `../shared/assets` beside the repository; `None` where there is neither."""
    repository = Path(__file__).resolve().parent.parent
    folder = Path(os.environ.get("SIGHTLINE_TEST_ASSETS", repository.parent / "shared" / "assets"))
    return folder if (folder / "MANIFEST.md").is_file() else None
