"""Laws of halving what a server refuses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from processors.history.bisection import Accepted, Division, Later, PointsRefused, Reply, divide


class FakeServer:
    """Refuses requests with a bad point; `partial` writes the good ones of it and tells how many it dropped."""

    def __init__(self, bad: set[int], partial: bool, dies_after: int | None = None) -> None:
        self.bad, self.partial, self.dies_after = bad, partial, dies_after
        self.stored: set[int] = set()
        self.requests = 0

    def send(self, start: int, stop: int) -> Reply:
        self.requests += 1
        if self.dies_after is not None and self.requests > self.dies_after:
            return Later("dead")
        rows = set(range(start, stop))
        found = rows & self.bad
        if not found:
            self.stored |= rows
            return Accepted()
        if self.partial:
            self.stored |= rows - found
        return PointsRefused("bad point", len(found) if self.partial else None)


bad_points = st.integers(0, 200).flatmap(
    lambda n: st.tuples(st.just(n), st.sets(st.integers(0, max(n - 1, 0)), max_size=n))
)


@given(bad_points, st.booleans())
def test_all_good_points_are_stored_and_exactly_the_bad_are_rejected(
    case: tuple[int, set[int]], partial: bool
) -> None:
    count, bad = case
    bad &= set(range(count))
    server = FakeServer(bad, partial)
    division = divide(count, server.send)
    assert server.stored == set(range(count)) - bad
    assert [row for row, _ in division.rejected] == sorted(bad)
    assert division.accepted == count - len(bad)
    assert division.kept == []


@given(bad_points, st.booleans(), st.integers(0, 40))
def test_a_server_that_dies_midway_leaves_every_point_in_exactly_one_place(
    case: tuple[int, set[int]], partial: bool, dies_after: int
) -> None:
    count, bad = case
    server = FakeServer(bad, partial, dies_after)
    division = divide(count, server.send)
    kept = [row for start, stop in division.kept for row in range(start, stop)]
    assert kept == sorted(set(kept))
    assert division.accepted + len(division.rejected) + len(kept) == count
    assert {row for row, _ in division.rejected} <= bad
    assert set(range(count)) - bad - set(kept) <= server.stored
    assert bool(division.kept) == bool(division.why)


@given(st.integers(1, 4096), st.data())
def test_one_bad_point_costs_requests_by_the_logarithm(count: int, data: st.DataObject) -> None:
    server = FakeServer({data.draw(st.integers(0, count - 1))}, partial=False)
    divide(count, server.send)
    assert server.requests <= 2 * count.bit_length() + 1


def test_a_batch_that_is_bad_throughout_costs_one_request_when_the_server_counts() -> None:
    server = FakeServer(set(range(5000)), partial=True)
    assert len(divide(5000, server.send).rejected) == 5000
    assert server.requests == 1


def test_nothing_to_send_sends_nothing() -> None:
    assert divide(0, FakeServer(set(), partial=True).send) == Division()
