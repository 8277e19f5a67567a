"""What every message between engines and gateways is made of (`sightline.events.engine_link` draws the exchange)."""

from __future__ import annotations

import msgspec

__all__ = ["Box", "LinkMessage", "LinkValue"]

Box = tuple[float, float, float, float]


class LinkMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    pass


class LinkValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass
