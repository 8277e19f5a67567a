"""Seals, keys and the master key's file."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.exceptions import ConfigurationError, StoreError
from sightline.stores.vault import Seal, Vault, load_or_create_master_key

KEY = bytes(range(32))


@given(st.binary(max_size=300), st.text(max_size=20))
def test_what_was_sealed_opens(plain: bytes, context: str) -> None:
    assert Seal(KEY).open(Seal(KEY).seal(plain, context), context) == plain


@given(st.binary(min_size=1, max_size=64), st.data())
def test_any_changed_bit_is_noticed(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(Seal(KEY).seal(plain, "sample/1"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(StoreError, match="sealed sample cannot be opened"):
        Seal(KEY).open(bytes(sealed), "sample/1")


@given(st.binary(max_size=60))
def test_noise_does_not_open(noise: bytes) -> None:
    with pytest.raises(StoreError):
        Seal(KEY).open(noise, "sample/1")


def test_another_key_or_place_does_not_open_it() -> None:
    sealed = Seal(KEY).seal(b"x", "sample/1")
    with pytest.raises(StoreError):
        Seal(bytes(32)).open(sealed, "sample/1")
    with pytest.raises(StoreError):
        Seal(KEY).open(sealed, "sample/2")


def test_the_same_text_is_never_sealed_alike() -> None:
    assert Seal(KEY).seal(b"x", "c") != Seal(KEY).seal(b"x", "c")


def test_each_person_has_a_key_of_their_own() -> None:
    vault = Vault(KEY)
    ada, bob = vault.new_person_key("ada"), vault.new_person_key("bob")
    sealed = vault.person("ada", ada).seal(b"x", "sample/1")
    assert vault.person("ada", ada).open(sealed, "sample/1") == b"x"
    with pytest.raises(StoreError):
        vault.person("bob", bob).open(sealed, "sample/1")
    with pytest.raises(StoreError):
        vault.person("bob", ada)


def test_a_master_key_has_32_bytes() -> None:
    with pytest.raises(ConfigurationError) as raised:
        Vault(b"short")
    assert raised.value.key == "master_key"


def test_the_master_key_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    key = load_or_create_master_key(path)
    assert len(key) == 32
    assert load_or_create_master_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["master.key"]


def test_two_first_starts_at_once_agree(tmp_path: Path) -> None:
    path, keys, begin = tmp_path / "master.key", [], threading.Barrier(8)

    def start() -> None:
        begin.wait()
        keys.append(load_or_create_master_key(path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys == [path.read_bytes()] * 8
    assert os.listdir(tmp_path) == ["master.key"]


def test_a_file_that_is_no_master_key(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(b"too short")
    with pytest.raises(ConfigurationError, match="9 bytes instead of 32"):
        load_or_create_master_key(path)
    assert path.read_bytes() == b"too short"


def test_a_place_where_no_key_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match="cannot be read or made"):
        load_or_create_master_key(tmp_path / "keys" / "master.key")
