"""Audience tags: an alert is addressed to tags, a client carries tags, and it is for the client when they share one."""

from __future__ import annotations

from sightline.accounts import Right, User

__all__ = ["tags_of"]


def tags_of(user: User, client_type: str | None = None) -> frozenset[str]:
    """The tags of a user, on a client of `client_type` if it is known. Nobody who may not see alerts has any."""
    if not user.may(Right.SEE_ALERTS):
        return frozenset()
    tags = {f"user:{user.id}", f"role:{user.role.value}"}
    if client_type is not None:
        tags.add(f"type:{client_type}")
    return frozenset(tags)
