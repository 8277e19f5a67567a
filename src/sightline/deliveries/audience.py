"""Audience tags: an alert is addressed to tags, a client carries tags, and it is for the client when they share one."""

from __future__ import annotations

from sightline.accounts import Right, User

__all__ = ["is_personal", "tags_of"]


_PERSONAL = "user:"


def is_personal(tag: str) -> bool:
    """Whether only one user carries it."""
    return tag.startswith(_PERSONAL)


def tags_of(user: User, client_type: str | None = None) -> frozenset[str]:
    """The tags of a user, on a client of `client_type` if it is known. Nobody who may not see alerts has any."""
    if not user.may(Right.SEE_ALERTS):
        return frozenset()
    tags = {f"{_PERSONAL}{user.id}", f"role:{user.role.value}"}
    if client_type is not None:
        tags.add(f"type:{client_type}")
    return frozenset(tags)
