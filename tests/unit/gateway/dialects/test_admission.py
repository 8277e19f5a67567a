"""How many connections an address and a user may have."""

from __future__ import annotations

import contextlib

import pytest

from sightline.gateway.dialects.admission import Admission, ConnectionLimit, Rush, denial


def test_an_address_has_so_many_and_gets_them_back() -> None:
    admission = Admission(per_address=2, per_user=0, per_second=0)
    with contextlib.ExitStack() as places:
        places.enter_context(admission.place("203.0.113.5"))
        places.enter_context(admission.place("203.0.113.6"))
        with (
            admission.place("203.0.113.5"),
            pytest.raises(ConnectionLimit, match=r"this address .* \(2\); retry_after_s=10"),
        ):
            places.enter_context(admission.place("203.0.113.5"))
        places.enter_context(admission.place("203.0.113.5"))


def test_a_place_is_given_back_when_the_connection_fails() -> None:
    admission = Admission(per_address=1, per_user=0, per_second=0)
    for _ in range(3):
        with contextlib.suppress(OSError), admission.place("203.0.113.5"):
            raise OSError
    assert not admission._addresses


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_is_not_counted(address: str) -> None:
    admission = Admission(per_address=1, per_user=0, per_second=0)
    with admission.place(address), admission.place(address):
        pass


def test_a_user_has_so_many() -> None:
    admission = Admission(per_address=0, per_user=2, per_second=0)
    admission.join("olga", "one")
    admission.join("olga", "two")
    admission.join("otto", "one of his")
    with pytest.raises(ConnectionLimit, match="this user"):
        admission.join("olga", "three")
    admission.leave("olga", "one")
    admission.leave("olga", "three")
    admission.join("olga", "four")


def test_a_connection_that_will_be_superseded_does_not_count() -> None:
    admission = Admission(per_address=0, per_user=1, per_second=0)
    admission.join("olga", "older", device="desk")
    admission.join("olga", "newer", device="desk")
    with pytest.raises(ConnectionLimit):
        admission.join("olga", "another", device="phone")
    admission.leave("olga", "older")
    admission.leave("olga", "newer")
    assert not admission._devices


def test_zero_admits_everybody() -> None:
    admission = Admission(per_address=0, per_user=0, per_second=0)
    with contextlib.ExitStack() as places:
        for number in range(1000):
            places.enter_context(admission.place("203.0.113.5"))
            admission.join("olga", str(number))


def test_who_comes_in_a_rush_is_told_when_to_come_back() -> None:
    admission = Admission(per_address=0, per_user=0, per_second=2)
    admission.arrive(10.0)
    admission.arrive(10.0)
    with pytest.raises(Rush, match=r"many clients come at once; retry_after_s=1$"):
        admission.arrive(10.0)
    with pytest.raises(Rush) as later:
        admission.arrive(10.0)
    assert later.value.retry_after_s == 1.56
    answer = denial(later.value)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    admission.arrive(12.0)
