"""What units answer for, how often a password may be tried, what is no password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.people import Answering, Throttle
from alerts.people.passwords import drawn, hashed, is_weak, verified
from alerts.people.roles import ROLES, unit_fault
from alerts.people.units import kind_of_unit
from tests.fakes.desk import example_register
from tests.fakes.people import UNITS

REGISTER = example_register()


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_of_a_unit_of_its_own_kind_and_of_no_other(role: str) -> None:
    assert unit_fault(role, UNITS[role], REGISTER) is None
    for unit in UNITS.values():
        if kind_of_unit(unit)[0] not in ROLES[role].units:
            assert "is of a unit of kind" in str(unit_fault(role, unit, REGISTER))


@pytest.mark.parametrize(
    ("unit", "sites"),
    [
        ("county", None),
        ("site:site-01", {"site-01"}),
        ("contractor:示范建工集团", {"site-01", "site-03"}),
        ("contractor:gone", set()),
        ("department:ecology", None),
        ("department:gone", set()),
        ("nonsense", set()),
    ],
)
def test_a_unit_answers_for_its_sites(unit: str, sites: set[str] | None) -> None:
    found = Answering.of(unit, REGISTER).sites
    assert found == (None if sites is None else frozenset(sites))


def test_township_and_department_answer_for_the_sites_that_name_them() -> None:
    for id in ("town-east", "housing"):
        named = {s.id for s in REGISTER.sites.values() if id in (s.township, s.department)}
        assert Answering.of(f"department:{id}", REGISTER).sites == named
        assert named


def test_what_belongs_to_no_site_is_seen_by_those_who_answer_for_all() -> None:
    assert Answering(None).case("system", "")
    assert not Answering(frozenset({""})).case("system", "")
    assert not Answering(frozenset({"site-01"})).case("many_silent", "")


@given(st.lists(st.integers(0, 5000), max_size=40), st.integers(1, 6), st.integers(1, 1000))
def test_after_the_wait_a_password_may_be_tried_and_never_before(
    failures: list[int], most: int, within: int
) -> None:
    throttle, now = Throttle(most, within), max(failures, default=0)
    wait = throttle.wait_ms(failures, now)
    recent = [at for at in failures if now - within < at <= now]
    assert (wait > 0) == (len(recent) >= most)
    assert wait <= within
    if wait:
        assert throttle.wait_ms(failures, now + wait) == 0
        assert throttle.wait_ms(failures, now + wait - 1) > 0


@pytest.mark.parametrize(
    ("password", "weak"),
    [
        ("short", True),
        ("x" * 200, True),
        ("aaaaaaaaaaaa", True),
        ("zhoujian-2026", True),
        ("周建国的密码不会有人猜", True),
        ("湿法作业-2026-dust", False),
        ("correct horse battery", False),
    ],
)
def test_what_anybody_would_try_first_is_no_password(password: str, weak: bool) -> None:
    assert is_weak(password, "zhoujian", "周建国") == weak


def test_a_password_is_kept_as_a_hash_and_nobody_has_none() -> None:
    password = drawn()
    assert not is_weak(password, "zhou", "周建国")
    kept = hashed(password)
    assert password not in kept
    assert kept.startswith("$argon2id$")
    assert verified(kept, password)
    assert not verified(kept, password + "x")
    assert not verified("", "nobody has this password")
    assert not verified("no hash", password)
