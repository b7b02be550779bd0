"""Why a rule does not judge a site: told as the fold decides it, from history alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.cli import program
from ingest.records import Signal
from processors.history import open_history
from processors.plan.exemptions import exemptions
from processors.plan.orders import Orders
from processors.plan.plan import Plan
from tests.kept import keep
from tests.logs import HOUR, T0, local_rule, minutes, revision, ticking

words = st.lists(st.sampled_from(["a", "b"]), max_size=1)
kinds = st.lists(st.sampled_from(["permit", "shutdown"]), max_size=1)


@st.composite
def rules(draw: st.DrawFn):
    more = {name: draw(words) for name in ("zones", "stages", "kinds")}
    on, off = draw(words), draw(words)
    more |= {"alert_levels": on, "unless_alert_levels": [level for level in off if level not in on]}
    during, unless = draw(kinds), draw(kinds)
    more |= {"during": during, "unless": [kind for kind in unless if kind not in during]}
    more["hours"] = draw(st.sampled_from([[], ["22:00-06:00"], ["01:00-02:00"], ["12:00-13:00"]]))
    more["valid_to"] = draw(st.sampled_from([None, "2026-03-31", "2026-04-01"]))
    return local_rule(**more)


signals = st.lists(
    st.builds(
        lambda kind, level, place, start, hours: Signal(
            f"{kind}{level}{place}{start}{hours}", T0, place, kind, level, T0 + start * HOUR,
            None if hours is None else T0 + (start + hours) * HOUR,
        ),
        st.sampled_from(["alert", "stage", "permit", "shutdown"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["s1", "county", "elsewhere"]),
        st.integers(-2, 2),
        st.sampled_from([None, 1, 3]),
    ),
    max_size=4,
)  # fmt: skip


@given(rules(), signals, st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from("ab"))
@settings(max_examples=150, deadline=None)
def test_there_is_a_reason_exactly_where_the_fold_does_not_judge(rule, told, zone, stage, kind) -> None:
    plan = Plan.of(revision(rules=[rule], zone=zone, stage=stage, kind=kind))
    (held,) = plan.rules
    orders = Orders()
    for signal in told:
        orders.add(signal)
    judges = plan.applies(held, "s1", T0, orders) and held.holds(T0)
    assert (exemptions(held, plan.facts["s1"], T0, orders) == ()) == judges


@pytest.fixture
def history(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/history.db"
    own = [
        local_rule(id="any"),
        local_rule(id="earth", stages=["earthwork"]),
        local_rule(id="night", hours=["22:00-06:00"], unless=["permit"]),
        local_rule(id="red", alert_levels=["red"]),
    ]
    paved = Signal("g1", T0 + 1, "s1", "stage", "paving", T0, None)
    permit = Signal("g2", T0 + 2, "s1", "permit", None, T0 + 2 * HOUR, T0 + 3 * HOUR)
    rows = minutes(T0, T0 + 3 * HOUR, 300.0)
    opened = open_history(url)
    log = [revision(rules=own), *ticking(rows, T0 + 3 * HOUR + 5 * 60_000, others=[paved, permit])]
    outputs = keep(opened, log)
    opened.close()
    judged = {(v.rule, (v.start - T0) // HOUR) for out in outputs for v in out.verdicts}
    assert judged == {("any", 0), ("any", 1), ("any", 2), ("night", 0), ("night", 1)}
    return url


def test_each_rule_says_whether_it_judges_or_why_not(history: str) -> None:
    def said(*more: str) -> str:
        return CliRunner().invoke(program, ["judged", "s1", "--history", history, *more]).output

    at_three = said("--at", "2026-04-01T03:00", "--lang", "en")
    assert "any: judges it" in at_three
    assert "earth: does not judge it: stage paving by a notice, it asks for earthwork" in at_three
    assert "night: does not judge it: exempt during permit" in at_three
    assert "red: does not judge it: only during an alert of level red (in force: –)" in at_three
    assert "night: judges it" in said("--at", "2026-04-01T02:00", "--lang", "en")
    assert "night: 不适用: 不在 22:00-06:00 时段" in said("--at", "2026-04-01T12:00")
    assert "earth: judges it" not in at_three


def test_before_any_configuration_and_for_no_site_it_is_exit_1(history: str) -> None:
    for site, at in (("s1", "2026-03-01T00:00"), ("nowhere", "2026-04-01T03:00")):
        done = CliRunner().invoke(program, ["judged", site, "--history", history, "--at", at])
        assert done.exit_code == 1
        assert site in done.output
