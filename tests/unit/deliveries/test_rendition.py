from __future__ import annotations

import pytest

from sightline.deliveries.rendition import Quality, Rendition, parse_renditions


def test_each_quality_has_its_size_and_rate() -> None:
    found = parse_renditions([" hd = 1920 @ 12.5 ", "thumbnail=64@1", "sd=640@10"])
    assert found[Quality.HD] == Rendition(Quality.HD, 1920, 12.5)
    assert found[Quality.THUMBNAIL].fps == 1.0


@pytest.mark.parametrize(
    "wrong", ["", "sd", "sd=640", "uhd=3840@5", "sd=63@5", "sd=9999@5", "sd=640@0", "sd=640@61", "sd=-640@5"]
)
def test_what_cannot_be_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no quality"):
        parse_renditions(["thumbnail=320@2", "hd=1920@25", wrong])


def test_none_may_be_missing() -> None:
    with pytest.raises(ValueError, match="thumbnail, hd is not given"):
        parse_renditions(["sd=960@10"])
