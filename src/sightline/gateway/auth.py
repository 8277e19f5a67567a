"""Signing in: passwords (Argon2id, RFC 9106), access tokens (JWT, RFC 7519) and machine tokens.

Tokens are short; a client renews its own while the sign-in is younger than the session limit. A browser that is told to
stay signed in keeps a renewal token as well: good for the whole session, and for nothing but asking for access tokens.
Changing a password or role raises the user's `token_version`, which ends every token issued before.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import ClassVar

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from sightline.accounts import User
from sightline.clock import Clock
from sightline.exceptions import Forbidden, NotFound
from sightline.gateway.ports import Users

__all__ = [
    "Claims",
    "Passwords",
    "SignInThrottle",
    "Tokens",
    "camera_token_name",
    "hash_machine_token",
    "is_camera_token",
    "new_machine_token",
    "new_password",
]

ALGORITHM = "HS256"
AUDIENCE = "sightline"
RENEWAL_AUDIENCE = "sightline-renewal"
ISSUER = "sightline-gateway"
_CAMERA_PREFIX = "camera:"
MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 256


class Passwords:
    """Hashes and checks passwords off the event loop: one check costs tens of milliseconds of CPU by design."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()

    async def hash(self, password: str) -> str:
        """The hash to store. Raises `Forbidden` when the password is too short or too long."""
        if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
            raise Forbidden(f"a password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters")
        return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, user: User | None, password: str) -> bool:
        """Whether `password` is the user's. Takes as long for a user that does not exist."""
        if len(password) > MAX_PASSWORD_LENGTH:
            return False
        if user is None:
            await asyncio.to_thread(self._hasher.hash, password)
            return False
        try:
            await asyncio.to_thread(self._hasher.verify, user.password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
        return not user.disabled


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says. Times in milliseconds since the epoch."""

    user_id: str
    token_version: int
    signed_in_ms: int
    expires_ms: int


class Tokens:
    """Issues and checks access tokens; algorithm, audience and issuer are pinned."""

    def __init__(self, key: bytes, clock: Clock, *, minutes: float, session_hours: float) -> None:
        self._key = key
        self._clock = clock
        self._life_ms = int(minutes * 60_000)
        self._session_ms = int(session_hours * 3_600_000)

    @property
    def life_s(self) -> int:
        """How long a new token is good, in seconds."""
        return self._life_ms // 1000

    def issue(self, user: User, *, signed_in_ms: int | None = None) -> tuple[str, Claims]:
        """A token for `user`; with `signed_in_ms` it renews an earlier sign-in. Raises `Forbidden` when that is too
        long ago."""
        return self._issue(user, AUDIENCE, self._life_ms, signed_in_ms)

    def issue_renewal(self, user: User) -> tuple[str, Claims]:
        """A token with which `user`, who signs in just now, gets access tokens until the session ends."""
        return self._issue(user, RENEWAL_AUDIENCE, self._session_ms, None)

    def _issue(self, user: User, audience: str, life_ms: int, signed_in_ms: int | None) -> tuple[str, Claims]:
        now_ms = self._clock.now_ms()
        signed_in_ms = now_ms if signed_in_ms is None else signed_in_ms
        if now_ms - signed_in_ms >= self._session_ms:
            raise Forbidden("the sign-in is too long ago: sign in again")
        expires_ms = min(now_ms + life_ms, signed_in_ms + self._session_ms) // 1000 * 1000  # as the token has it
        claims = Claims(user.id, user.token_version, signed_in_ms, expires_ms)
        payload = {
            "sub": user.id,
            "ver": user.token_version,
            "aud": audience,
            "iss": ISSUER,
            "iat": now_ms // 1000,
            "exp": expires_ms // 1000,
            "auth_time": signed_in_ms,
            "jti": secrets.token_hex(8),
        }
        return jwt.encode(payload, self._key, algorithm=ALGORITHM), claims

    def read(self, token: str, *, audience: str = AUDIENCE) -> Claims:
        """The claims of a token that is genuine and not expired. Raises `Forbidden`."""
        try:
            payload = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=ISSUER,
                options={"require": ["sub", "exp", "iat", "aud", "iss"], "verify_exp": False, "verify_iat": False},
            )
            claims = Claims(
                str(payload["sub"]), int(payload["ver"]), int(payload["auth_time"]), int(payload["exp"]) * 1000
            )
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
            raise Forbidden("the token is not valid: sign in again") from None
        if self._clock.now_ms() >= claims.expires_ms:
            raise Forbidden("the token expired: sign in again")
        return claims

    async def user_of(self, token: str, users: Users) -> tuple[User, Claims]:
        """The enabled user a token speaks for. Raises `Forbidden`."""
        claims = self.read(token)
        return await self.user_of_claims(claims, users), claims

    async def user_of_renewal(self, token: str, users: Users) -> tuple[User, Claims]:
        """The enabled user a renewal token speaks for. Raises `Forbidden`."""
        claims = self.read(token, audience=RENEWAL_AUDIENCE)
        return await self.user_of_claims(claims, users), claims

    async def user_of_claims(self, claims: Claims, users: Users) -> User:
        """The enabled user whom claims that were read before still name. Raises `Forbidden`."""
        if self._clock.now_ms() >= claims.expires_ms:
            raise Forbidden("the token expired: sign in again")
        try:
            user = await users.get(claims.user_id)
        except NotFound:
            raise Forbidden("the token is no longer valid: sign in again") from None
        if user.disabled or user.token_version != claims.token_version:
            raise Forbidden("the token is no longer valid: sign in again")
        return user


def new_password() -> str:
    """A password that can be read out over a telephone: four groups of four, about 77 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def new_machine_token() -> str:
    """A token for an engine or agent, shown once."""
    return "slm_" + secrets.token_urlsafe(32)


def hash_machine_token(token: str) -> str:
    """What is stored of a machine token. A plain SHA-256 is enough: the token has 256 bits of entropy."""
    return hashlib.sha256(token.encode()).hexdigest()


def camera_token_name(camera_id: str) -> str:
    """The name to which the token of a camera is bound; no engine has a colon in its name."""
    return f"{_CAMERA_PREFIX}{camera_id}"


def is_camera_token(name: str) -> bool:
    """Whether the token of this name may do no more than publish to its camera."""
    return name.startswith(_CAMERA_PREFIX)


@dataclass(slots=True)
class SignInThrottle:
    """Slows guessing: at most `LIMIT` failures a minute for one name and for one address.

    An attempt counts from its beginning, or many at once would all be let in before the first has failed.
    """

    _failures: dict[str, deque[float]] = field(default_factory=dict)

    LIMIT: ClassVar[int] = 10
    WINDOW_S: ClassVar[float] = 60.0
    MAX_KEYS: ClassVar[int] = 10_000

    def wait_s(self, key: str, now_s: float) -> int:
        """Seconds until `key` may try again; 0 when it may now."""
        recent = self._failures.get(key)
        if recent is None:
            return 0
        while recent and now_s - recent[0] >= self.WINDOW_S:
            recent.popleft()
        if not recent:
            del self._failures[key]
        return int(self.WINDOW_S - (now_s - recent[0])) + 1 if len(recent) >= self.LIMIT else 0

    def begin(self, key: str, now_s: float) -> None:
        """One more attempt, a failure until `succeeded`; when too many keys are kept, the oldest goes."""
        if key not in self._failures and len(self._failures) >= self.MAX_KEYS:
            del self._failures[next(iter(self._failures))]
        self._failures.setdefault(key, deque(maxlen=self.LIMIT)).append(now_s)

    def succeeded(self, key: str) -> None:
        """The latest attempt was none of a guesser."""
        recent = self._failures.get(key)
        if recent:
            recent.pop()
