"""Records that share most of their fields are held as tables, and come out of them as they went in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from processors.records.tables import Group, Table, parted
from processors.records.verdicts import Interval

ONE = Interval(
    id="i-1",
    site="s1",
    device="d1",
    pollutant="pm10",
    statistic="mean",
    start=0,
    end=3_600_000,
    value=120.5,
    capture=0.9,
    count=54,
    revision=1,
)
OWN = ("id", "device", "value")


@pytest.fixture
def table() -> Table[Interval]:
    return Table(Interval, *OWN)


def numbered(lines: int) -> list[Interval]:
    return [replace(ONE, id=f"i-{line}", device=f"d{line}", value=float(line)) for line in range(lines)]


def group_of(table: Table[Interval], records: list[Interval]) -> Group[Interval]:
    shared = {name: getattr(ONE, name) for name in table.shared}
    return table.group([(one.id, one.device, one.value) for one in records], **shared)


def test_a_field_is_each_records_own_or_shared_by_all(table):
    assert table.kind is Interval
    assert table.own == OWN
    assert not set(table.shared) & set(OWN)
    assert {*table.shared, *OWN} == set(Interval.__dataclass_fields__)


def test_a_record_comes_out_of_a_group_as_it_went_in(table):
    (group,) = table.groups([ONE])
    assert group.records() == [ONE]
    assert group.record(0) == ONE


def test_a_line_of_a_group_is_the_record_with_its_own_fields(table):
    records = numbered(3)
    group = group_of(table, records)
    assert len(group) == 3
    assert group.records() == records
    assert group.record(2) == records[2]


def test_a_group_without_a_shared_field_is_refused(table):
    with pytest.raises(KeyError, match="site"):
        table.group([("i-1", "d1", 1.0)], **{name: None for name in table.shared if name != "site"})


def test_neighbours_that_share_all_are_written_as_one_and_read_back(table):
    first, second, third = numbered(3)
    elsewhere = replace(third, site="s2")
    groups = [*table.groups([first, second]), group_of(table, []), *table.groups([elsewhere])]
    written = table.write(groups)
    assert [one["site"] for one in written] == ["s1", "s2"]
    assert [one["each"] for one in written] == [OWN, OWN]
    assert [len(one["rows"]) for one in written] == [2, 1]
    assert [Interval(**fields) for fields in table.read(written)] == [first, second, elsewhere]


def test_an_empty_group_between_two_alike_does_not_part_them(table):
    first, second = table.groups(numbered(2))
    other = table.group([], **dict.fromkeys(table.shared))
    assert len(table.write([first, other, second])) == 1


def test_a_group_of_too_few_shared_values_is_not_written(table):
    with pytest.raises(ValueError):
        table.write([Group(table, ("s1",), [("i-1", "d1", 1.0)])])


@pytest.mark.parametrize("row", [["i-1", "d1"], ["i-1", "d1", 1.0, 2.0]], ids=["too short", "too long"])
def test_a_row_of_another_length_than_its_names_is_no_table(table, row):
    with pytest.raises(ValueError):
        list(table.read([{"each": list(OWN), "rows": [row]}]))


@pytest.mark.parametrize(
    ("sizes", "most", "parts"),
    [
        ([], 2, []),
        ([0], 2, []),
        ([2], 2, [[2]]),
        ([5], 2, [[2], [2], [1]]),
        ([1, 3, 0, 2], 3, [[1, 2], [1, 2]]),
        ([1, 1, 1], 5, [[1, 1, 1]]),
    ],
)
def test_groups_are_parted_into_parts_of_at_most_so_many_records(table, sizes, most, parts):
    records = numbered(sum(sizes))
    left = iter(records)
    groups = [group_of(table, [next(left) for _ in range(size)]) for size in sizes]
    found = list(parted(groups, most))
    assert [[len(group) for group in part] for part in found] == parts
    assert [one for part in found for group in part for one in group.records()] == records
