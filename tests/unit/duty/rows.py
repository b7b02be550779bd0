"""Random books of dated rows of the small county."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from alerts.duty import Deputy, DutyBook, DutyPerson, DutyTurn, SiteAnswer, Way

UNITS = ("county", "platform", "department:housing", "department:town-east", "site:site-1", "site:site-2")
_FIRST = date(2026, 1, 1)
_WAYS = st.lists(
    st.sampled_from([Way("file"), Way("webhook", address="http://127.0.0.1:9/h")]), max_size=2, unique=True
).map(tuple)
_TEXT = st.text("周敏王强abc 0-=+'@;,\"", min_size=1, max_size=12).map(str.strip).filter(bool)


def _day(n: int | None) -> str:
    return "" if n is None else (_FIRST + timedelta(days=n)).isoformat()


_SPANS = st.tuples(st.none() | st.integers(0, 400), st.none() | st.integers(401, 800)).map(
    lambda pair: {"since": _day(pair[0]), "until": _day(pair[1])}
)


@st.composite
def books(draw: st.DrawFn) -> DutyBook:
    """A book whose rows are in order."""
    people = [
        DutyPerson(
            f"p{n:04d}",
            draw(_TEXT),
            draw(st.sampled_from(UNITS)),
            draw(st.sampled_from(["", "13800138000", "0310-6012345", "+86 138"])),
            draw(_WAYS),
            draw(st.sampled_from(["", "en", "zh_CN"])),
        )
        for n in range(1, draw(st.integers(2, 6)))
    ]
    ids = st.sampled_from([person.id for person in people])
    turns = [
        DutyTurn(
            f"t{n:04d}",
            draw(st.sampled_from(UNITS)),
            draw(ids),
            draw(st.sampled_from(["", "08:00-18:00", "18:00-08:00", "00:00-24:00"])),
            draw(st.sampled_from(["all", "workdays", "restdays", "mon wed"])),
            **draw(_SPANS),
        )
        for n in range(1, draw(st.integers(1, 6)))
    ]
    answers = [
        SiteAnswer("a0001", "site-1", "sector", "department:town-east", **draw(_SPANS)),
        SiteAnswer("a0002", "site-2", "site", "site:site-1", **draw(_SPANS)),
    ]
    deputies = (
        [Deputy("d0001", people[0].id, people[1].id, **draw(_SPANS), reason=draw(_TEXT))]
        if people[1:]
        else []
    )
    return DutyBook(1, (*people, *answers[: draw(st.integers(0, 2))], *turns, *deputies))
