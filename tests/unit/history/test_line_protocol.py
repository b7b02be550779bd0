"""Line protocol: what is written for which point."""

from __future__ import annotations

import pytest

from processors.history.line_protocol import lines_of
from processors.history.points import Point, gather, point_from_json, point_to_json


def written(*points: Point) -> str:
    (batch,), refused = gather(points)
    assert refused == []
    lines = lines_of(batch)
    return lines.run(0, len(lines)).decode()


def test_a_reading_is_one_line_with_tags_then_fields_in_a_fixed_order() -> None:
    point = Point(
        "readings",
        {"site": "s", "period": "60", "device": "d"},
        {"received_at": 18, "tsp": 2.0, "pm10": 123.4},
        17,
    )
    assert written(point) == "readings,device=d,period=60,site=s pm10=123.4,tsp=2,received_at=18i 17\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1, "0.1"), (1e300, "1e+300"), (-0.5, "-0.5"), (1, "1"), (123456.789, "123456.789"), (1e-9, "1e-9")],
)
def test_numbers_are_the_shortest_that_read_back_the_same(value: float, text: str) -> None:
    assert (
        written(Point("readings", {"device": "d"}, {"pm10": value}, 1))
        == f"readings,device=d pm10={text} 1\n"
    )
    assert float(text) == value


def test_a_missing_field_of_one_row_leaves_the_others_alone() -> None:
    first = Point("readings", {"device": "d"}, {"pm10": 1.0}, 1)
    second = Point("readings", {"device": "e"}, {"tsp": 2.0, "flags": "tsp=T"}, 2)
    assert written(first, second) == 'readings,device=d pm10=1 1\nreadings,device=e tsp=2,flags="tsp=T" 2\n'


def test_tags_escape_comma_equals_and_space_and_fields_quote_and_backslash() -> None:
    point = Point("readings", {"device": "a,b=c d", "site": '"\\x'}, {"flags": 'a"b\\c, d=e'}, 1)
    assert written(point) == r'readings,device=a\,b\=c\ d,site="\x flags="a\"b\\c, d=e" 1' + "\n"


def test_a_run_of_lines_is_just_those_rows() -> None:
    (batch,), _ = gather([Point("readings", {"device": f"城{i}"}, {"pm10": float(i)}, i) for i in range(9)])
    lines = lines_of(batch.slice(2, 8))
    assert lines.run(1, 3).decode() == "readings,device=城3 pm10=3 3\nreadings,device=城4 pm10=4 4\n"
    assert lines.run(4, 4) == b""


def test_a_point_survives_the_way_through_quarantine() -> None:
    point = Point("verdicts", {"site": "城东"}, {"answer": "exceeds", "value": 0.1, "revision": 3}, 5)
    assert point_from_json(point_to_json(point)) == point


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"measurement": "x"}', b'"text"', b"\xff"])
def test_what_is_no_point_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(ValueError):
        point_from_json(raw)
