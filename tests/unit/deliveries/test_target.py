"""To which addresses the gateway sends on its own account."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.target import check_target, check_url, origin_of
from sightline.exceptions import ConfigurationError, Forbidden

HERE = ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1")
NEVER = ("169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "100.100.100.200", "::ffff:169.254.1.1")
LOCAL = ("10.0.0.9", "192.168.1.1", "172.16.0.1", "fd12::1", "::ffff:10.0.0.9", "100.64.0.1")
PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")


@pytest.mark.parametrize("address", [*LOCAL, *PUBLIC])
def test_an_administrators_target_may_be_in_the_local_network(address: str) -> None:
    check_target(address, public=False, allow_loopback=False)


@pytest.mark.parametrize("address", [*HERE, *NEVER])
def test_no_target_is_this_machine_or_a_place_without_hosts(address: str) -> None:
    with pytest.raises(Forbidden, match="allow_loopback_targets"):
        check_target(address, public=False, allow_loopback=False)


@pytest.mark.parametrize("address", [*HERE, *NEVER, *LOCAL])
def test_what_anybody_may_name_is_on_the_internet(address: str) -> None:
    with pytest.raises(Forbidden):
        check_target(address, public=True, allow_loopback=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_push_service_on_the_internet(address: str) -> None:
    check_target(address, public=True, allow_loopback=False)


@pytest.mark.parametrize("address", [*HERE, *LOCAL])
@pytest.mark.parametrize("public", [False, True])
def test_the_setting_opens_this_machine(address: str, public: bool) -> None:
    check_target(address, public=public, allow_loopback=True)


@pytest.mark.parametrize("address", NEVER)
def test_the_setting_opens_nothing_else(address: str) -> None:
    with pytest.raises(Forbidden):
        check_target(address, public=False, allow_loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "", "hook", "ftp://example.org", "https://", "https:///path", "https://user:pw@example.org/", "http://[::1",
        "https://example.org:port/", "https://exämple.org/", "https://example.org/a b", "https://example.org/\r\nX: 1",
        "https://example.org/" + "x" * 2000, "javascript://example.org/",
    ],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ConfigurationError):
        check_url(url, secure=False)


def test_http_only_where_it_need_not_be_secure() -> None:
    check_url("http://10.0.0.9:8080/hook", secure=False)
    check_url("https://example.org/hook?a=1#x", secure=True)
    with pytest.raises(ConfigurationError, match="must begin with https://"):
        check_url("http://10.0.0.9:8080/hook", secure=True)


@given(st.text(max_size=60))
def test_only_the_documented_error_escapes(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.org/{text}"):
        try:
            check_url(url, secure=False)
        except ConfigurationError:
            continue
        assert origin_of(url).startswith(("http://", "https://"))


def test_of_an_address_only_the_origin_is_shown() -> None:
    assert origin_of("http://hooks.example.org/T0/s3cret?token=s3cret") == "http://hooks.example.org"
    assert origin_of("https://user:pw@[2001:db8::1]:8443/x") == "https://[2001:db8::1]:8443"
