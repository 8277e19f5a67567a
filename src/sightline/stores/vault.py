"""Secrets at rest: AES-256-GCM, one random key a person (and a stranger, and a sighting), each wrapped by the master
key or by the key of whom it belongs to.

The master key is a file outside the database and outside every backup of it; whoever has only one of the two has
nothing. Erasing a person destroys the wrapped key and the ciphertext. Every ciphertext is bound to the row and column
it belongs to (`context`, the associated data), so that one cannot be passed off as another.

Sealed form: one byte of format, 12 bytes of nonce, the ciphertext with its 16 bytes of tag (NIST SP 800-38D; a random
nonce is safe for 2^32 messages a key, far beyond what is ever sealed with one).
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from sightline.exceptions import ConfigurationError, StoreError
from sightline.stores import meta

__all__ = ["Seal", "Vault", "load_or_create_master_key"]

KEY_BYTES = 32
NONCE_BYTES = 12
FORMAT = b"\x01"

_CANARY = b"sightline"
_CANARY_CONTEXT = "meta/canary"


def load_or_create_master_key(path: Path) -> bytes:
    """The 32 bytes of the master key; made at the first start, readable by its owner only.

    Raises `ConfigurationError` when the file is not a master key or cannot be read or written.
    """
    try:
        if not path.exists():
            _create_key(path)
        key = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"the master key {path} cannot be read or made: {error.strerror}", key="master_key"
        ) from error
    if len(key) != KEY_BYTES:
        raise ConfigurationError(
            f"{path} is not a master key ({len(key)} bytes instead of {KEY_BYTES}): put back the right file",
            key="master_key",
        )
    return key


def _create_key(path: Path) -> None:
    """Whole or not at all, and never over a key that is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:  # another process was first: its key is the one
            return
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Seal:
    """Seals and opens with one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, context: str) -> bytes:
        """`plain`, readable only with this key and only under the same `context`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FORMAT + nonce + self._cipher.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """What was sealed. Raises `StoreError` when it was changed, or sealed with another key or context."""
        head = len(FORMAT) + NONCE_BYTES
        try:
            if sealed[: len(FORMAT)] != FORMAT:
                raise InvalidTag
            return self._cipher.decrypt(sealed[len(FORMAT) : head], sealed[head:], context.encode())
        except (InvalidTag, ValueError):
            raise StoreError(
                f"the sealed {context.split('/')[0]} cannot be opened: it was changed, or sealed with another key; "
                "restore a backup"
            ) from None


class Vault:
    """The master key at work: it seals what belongs to no person, and the keys of people."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ConfigurationError(f"a master key has {KEY_BYTES} bytes", key="master_key")
        self.master = Seal(master_key)

    def new_person_key(self, person_id: str) -> bytes:
        """A fresh key for a person, wrapped."""
        return self.master.seal(AESGCM.generate_key(KEY_BYTES * 8), f"key/{person_id}")

    def person(self, person_id: str, wrapped: bytes) -> Seal:
        """The seal of a person. Raises `StoreError` as `Seal.open`."""
        return Seal(self.master.open(wrapped, f"key/{person_id}"))

    def new_key(self, owner: str, seal: Seal | None = None) -> bytes:
        """A fresh key for whatever `owner` names, wrapped by `seal` or the master key."""
        return (seal or self.master).seal(AESGCM.generate_key(KEY_BYTES * 8), f"key/{owner}")

    def opened(self, owner: str, wrapped: bytes, seal: Seal | None = None) -> Seal:
        """The seal of a key made by `new_key`. Raises `StoreError` as `Seal.open`."""
        return Seal((seal or self.master).open(wrapped, f"key/{owner}"))

    def rewrap(self, owner: str, wrapped: bytes, before: Seal, after: Seal) -> bytes:
        """The same key, wrapped by another seal: what it sealed has a new owner. Raises `StoreError` as `Seal.open`."""
        return after.seal(before.open(wrapped, f"key/{owner}"), f"key/{owner}")

    def check(self, connection: Connection) -> None:
        """Raises `StoreError` when this database was sealed with another master key; a new one is marked with this."""
        canary = meta.find(connection, meta.CANARY)
        if canary is None:
            meta.put(connection, meta.CANARY, self.master.seal(_CANARY, _CANARY_CONTEXT).hex())
            return
        try:
            self.master.open(bytes.fromhex(canary), _CANARY_CONTEXT)
        except (StoreError, ValueError):
            raise StoreError(
                "the master key is not the one this database was sealed with: put back the key file it was made "
                "with (keys/master.key), or start with an empty folder"
            ) from None
