"""Law of what a feed of background values answers: whatever it is, it is values, or refused with a reason."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.background_import import RefusedRow, backgrounds_of, rows_of
from ingest.feed_form import BackgroundMapping
from ingest.records import Background
from ingest.register import Register, load_register
from ingest.units import Refused
from tests.counties import device, write_county

NOW = 1_795_406_400_000
WHOLE = st.integers(-(2**63), 2**64 - 1)  # what JSON's numbers are read as
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    WHOLE,
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(
        ["2026-11-23 08:00", "2026-11-23 24:00", "24:00", "9999-12-31 24:00", "0001-01-01 00:00", "1e400"]
    ),
    st.lists(WHOLE, max_size=2),
)
ROWS = st.lists(
    st.fixed_dictionaries({"t": CELLS, "s": st.one_of(st.just("S001"), CELLS), "v": CELLS}), max_size=3
)
ANSWERS = st.one_of(
    ROWS.map(orjson.dumps),
    ROWS.map(lambda rows: orjson.dumps({"d": rows})),
    st.binary(max_size=60),
    st.text('{}[]":,;ts\n\r\0d1v', max_size=40).map(str.encode),
)
MAPPINGS = st.builds(
    BackgroundMapping,
    label=st.sampled_from(["start", "end"]),
    unit=st.just("ug/m3"),
    values=st.just({"pm10": "v"}),
    time=st.just("t"),
    station=st.just("s"),
    rows=st.sampled_from(["", "d", "d.d"]),
)


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    return load_register(write_county(tmp_path_factory.mktemp("county"), [device("dev-1")]))


@given(content=ANSWERS, mapping=MAPPINGS)
def test_any_answer_is_values_or_refused(
    register: Register, content: bytes, mapping: BackgroundMapping
) -> None:
    try:
        rows = rows_of(content, mapping)
    except Refused:
        return
    for one in backgrounds_of(rows, mapping, register, NOW):
        assert (isinstance(one, Background) and one.end <= NOW) or (isinstance(one, RefusedRow) and one.why)


def test_an_answer_that_is_no_table_is_refused_and_ends_nobody() -> None:
    mapping = BackgroundMapping(label="end", unit="ug/m3", values={"pm10": "v"})
    with pytest.raises(Refused, match="no table"):
        rows_of(b"<html>\r\x00", mapping)
