from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.cameras import check_address, has_credentials, redact, restore_credentials
from sightline.exceptions import Forbidden

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("rtsp://10.0.0.9/stream", "rtsp://10.0.0.9/stream"),
        ("demo:", "demo:"),
        ("/srv/video.mp4", "/srv/video.mp4"),
        (f"rtsp://admin:{SECRET}@10.0.0.9/stream", "rtsp://***@10.0.0.9/stream"),
        (f"rtsp://admin:{SECRET}@@x@10.0.0.9:554/s", "rtsp://***@10.0.0.9:554/s"),
        ("rtsp://10.0.0.9/a@b", "rtsp://10.0.0.9/a@b"),
        (f"http://h/v?token={SECRET}&x=1", "http://h/v?token=***&x=1"),
        (f"http://h/v?x=1&API_KEY={SECRET}/{SECRET}?{SECRET}", "http://h/v?x=1&API_KEY=***"),
        (f"rtsp://h/user=admin&password={SECRET}&channel=1", "rtsp://h/user=***&password=***&channel=1"),
        (f"rtsp://h/user=admin_password={SECRET}_channel=1", "rtsp://h/user=***"),
        (f"rtsp://h/a;auth={SECRET}/b", "rtsp://h/a;auth=***/b"),
        ("http://h/?author=me&keyframes=2", "http://h/?author=me&keyframes=2"),
    ],
)
def test_credentials_are_not_shown(source: str, shown: str) -> None:
    assert redact(source) == shown
    assert SECRET not in shown
    assert redact(shown) == shown
    assert has_credentials(source) is (source != shown)
    assert restore_credentials(shown, source) == source


@given(st.text(max_size=60))
def test_showing_twice_changes_nothing(text: str) -> None:
    shown = redact(f"rtsp://{text}")
    assert redact(shown) == shown


STORED = f"rtsp://admin:{SECRET}@10.0.0.9:554/stream?token={SECRET}&channel=1"


@pytest.mark.parametrize(
    ("edited", "meant"),
    [
        ("rtsp://***@10.0.0.9:554/stream?token=***&channel=1", STORED),
        ("rtsp://***@10.0.0.9:554/other?token=***&channel=2", STORED.replace("stream", "other").replace("=1", "=2")),
        ("rtsp://***@10.0.0.9:554/x", f"rtsp://admin:{SECRET}@10.0.0.9:554/x"),
        ("rtsp://new:pw@10.0.0.9:554/x?token=***", f"rtsp://new:pw@10.0.0.9:554/x?token={SECRET}"),
        ("rtsp://new:pw@10.6.6.6/x", "rtsp://new:pw@10.6.6.6/x"),
        ("demo:", "demo:"),
    ],
)
def test_edited_source_gets_its_credentials_back(edited: str, meant: str) -> None:
    assert restore_credentials(edited, STORED) == meant


@pytest.mark.parametrize(
    "edited",
    [
        "rtsp://***@10.6.6.6:554/stream",
        "rtsp://***@10.0.0.9:555/stream",
        "http://***@10.0.0.9:554/stream",
        "rtsp://***@10.0.0.9.evil.example:554/stream",
        "rtsp://***@10.0.0.9:554@10.6.6.6/stream",
        "rtsp://10.6.6.6/?token=***",
        "rtsp://***@10.0.0.9:none/",
        "rtsp://***@[::1/",
    ],
)
def test_credentials_never_go_where_they_were_not_given_for(edited: str) -> None:
    with pytest.raises(Forbidden, match="user name and password"):
        restore_credentials(edited, STORED)


def test_three_stars_that_stand_for_nothing_are_refused() -> None:
    for edited, stored in [
        ("rtsp://***@10.0.0.9/s", "rtsp://10.0.0.9/s"),
        ("rtsp://10.0.0.9/s?token=***", "rtsp://10.0.0.9/s?channel=1"),
    ]:
        with pytest.raises(Forbidden, match="stands for nothing"):
            restore_credentials(edited, stored)


@pytest.mark.parametrize("host", ["10.0.0.9", "192.168.1.2", "203.0.113.5", "fd12:3456::1", "2001:db8::1", "fec0::9"])
def test_addresses_of_cameras(host: str) -> None:
    check_address(host, allow_loopback=False)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fe80::1", "224.0.0.1",
        "ff02::1", "0.0.0.0", "::", "::ffff:0.0.0.0", "100.100.100.200", "fd00:ec2::254",
    ],
)  # fmt: skip
def test_addresses_that_no_camera_has(host: str) -> None:
    for allow_loopback in (False, True):
        with pytest.raises(Forbidden):
            check_address(host, allow_loopback=allow_loopback)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_loopback_by_setting(host: str) -> None:
    check_address(host, allow_loopback=True)
    with pytest.raises(Forbidden, match="allow_loopback_sources"):
        check_address(host, allow_loopback=False)
