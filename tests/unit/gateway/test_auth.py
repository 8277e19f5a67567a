from __future__ import annotations

from dataclasses import replace
from typing import Any

import jwt
import pytest

from sightline.accounts import Role, User
from sightline.exceptions import Forbidden, NotFound
from sightline.gateway.auth import (
    Passwords,
    SignInThrottle,
    Tokens,
    hash_machine_token,
    new_machine_token,
    new_password,
)

KEY = bytes(range(32))
OLGA = User("7", "olga", Role.OPERATOR, "", disabled=False, token_version=3, created_at_ms=0)
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


class Hands:
    """A clock whose hands are turned by the test."""

    def __init__(self) -> None:
        self.at_ms = 1_767_265_205_123

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_s(self) -> float:
        return self.at_ms / 1000


class FakeUsers:
    def __init__(self, *users: User) -> None:
        self._users = {user.id: user for user in users}

    async def get(self, user_id: str) -> User:
        if user_id not in self._users:
            raise NotFound("user", user_id)
        return self._users[user_id]


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def tokens(clock: Hands) -> Tokens:
    return Tokens(KEY, clock, minutes=15, session_hours=12)


def test_token_says_for_whom_and_how_long(tokens: Tokens, clock: Hands) -> None:
    token, claims = tokens.issue(OLGA)
    assert tokens.read(token) == claims
    assert (claims.user_id, claims.token_version, claims.signed_in_ms) == ("7", 3, clock.at_ms)
    assert 0 <= clock.at_ms + 15 * MINUTE_MS - claims.expires_ms < 1000
    clock.at_ms = claims.expires_ms - 1
    tokens.read(token)
    clock.at_ms = claims.expires_ms
    with pytest.raises(Forbidden, match="expired"):
        tokens.read(token)


def test_renewing_ends_with_the_session(tokens: Tokens, clock: Hands) -> None:
    signed_in_ms = clock.at_ms
    clock.at_ms += 12 * HOUR_MS - MINUTE_MS
    _, claims = tokens.issue(OLGA, signed_in_ms=signed_in_ms)
    assert claims.expires_ms <= signed_in_ms + 12 * HOUR_MS
    assert claims.signed_in_ms == signed_in_ms
    clock.at_ms += MINUTE_MS
    with pytest.raises(Forbidden, match="too long ago"):
        tokens.issue(OLGA, signed_in_ms=signed_in_ms)


def forged(clock: Hands, key: Any = KEY, algorithm: str = "HS256", **changed: Any) -> str:
    payload: dict[str, Any] = {
        "sub": "7", "ver": 3, "aud": "sightline", "iss": "sightline-gateway", "iat": clock.at_ms // 1000,
        "exp": clock.at_ms // 1000 + 600, "auth_time": clock.at_ms,
    }  # fmt: skip
    payload = {name: value for name, value in (payload | changed).items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm)


def test_forger_with_the_key_would_be_believed(tokens: Tokens, clock: Hands) -> None:
    tokens.read(forged(clock))


@pytest.mark.parametrize(
    "changed",
    [
        {"key": None, "algorithm": "none"},
        {"key": bytes(32)},
        {"key": KEY + bytes(32), "algorithm": "HS512"},
        {"aud": "another"},
        {"aud": None},
        {"iss": "another"},
        {"iss": None},
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"ver": None},
        {"ver": "three"},
        {"auth_time": None},
        {"exp": "soon"},
    ],
    ids=str,
)
def test_tokens_of_others_are_refused(tokens: Tokens, clock: Hands, changed: dict[str, Any]) -> None:
    with pytest.raises(Forbidden, match="not valid"):
        tokens.read(forged(clock, **changed))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\x00", "é.é.é", "." * 5_000])
def test_nonsense_is_refused(tokens: Tokens, token: str) -> None:
    with pytest.raises(Forbidden, match="not valid"):
        tokens.read(token)


async def test_token_ends_with_its_version_and_its_user(tokens: Tokens) -> None:
    token, claims = tokens.issue(OLGA)
    assert await tokens.user_of(token, FakeUsers(OLGA)) == (OLGA, claims)  # type: ignore[arg-type]
    for users in (
        FakeUsers(),
        FakeUsers(replace(OLGA, disabled=True)),
        FakeUsers(replace(OLGA, token_version=4)),
        FakeUsers(replace(OLGA, token_version=2)),
    ):
        with pytest.raises(Forbidden, match="no longer valid"):
            await tokens.user_of(token, users)  # type: ignore[arg-type]


async def test_passwords() -> None:
    passwords = Passwords()
    user = replace(OLGA, password_hash=await passwords.hash("correct-horse"))
    assert user.password_hash.startswith("$argon2id$")
    assert await passwords.matches(user, "correct-horse")
    assert not await passwords.matches(user, "correct-house")
    assert not await passwords.matches(user, "x" * 257)
    assert not await passwords.matches(replace(user, disabled=True), "correct-horse")
    assert not await passwords.matches(replace(user, password_hash="!"), "correct-horse")
    assert not await passwords.matches(None, "correct-horse")
    for refused in ("x" * 9, "x" * 257):
        with pytest.raises(Forbidden):
            await passwords.hash(refused)


def test_made_secrets_differ_and_are_long() -> None:
    assert len({new_password() for _ in range(50)}) == 50
    assert len(new_password()) == 19
    assert len({new_machine_token() for _ in range(50)}) == 50
    assert new_machine_token().startswith("slm_")
    assert hash_machine_token("slm_x") == hash_machine_token("slm_x") != hash_machine_token("slm_y")


def test_throttle_lets_ten_a_minute_through() -> None:
    throttle = SignInThrottle()
    for second in range(10):
        assert throttle.wait_s("olga", second) == 0
        throttle.begin("olga", second)
    assert throttle.wait_s("olga", 10) == 51
    assert throttle.wait_s("olga", 59.5) == 1
    assert throttle.wait_s("otto", 10) == 0
    assert throttle.wait_s("olga", 60) == 0
    throttle.begin("olga", 60)
    assert throttle.wait_s("olga", 60.5) == 1


def test_throttle_does_not_count_who_succeeds_and_forgets() -> None:
    throttle = SignInThrottle()
    for second in range(30):
        throttle.begin("olga", second)
        throttle.succeeded("olga")
    assert throttle.wait_s("olga", 30) == 0
    throttle.succeeded("nobody")
    for number in range(SignInThrottle.MAX_KEYS + 5):
        throttle.begin(str(number), 0)
    assert len(throttle._failures) <= SignInThrottle.MAX_KEYS
