"""`dustwatch explain`: verdicts in words, worked out again from history alone.

After a change that means to change the words: read the difference, then write the file of
`tests/cases/explain/` anew from what the test prints.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.commands.explain import command
from ingest.records import FeedRecord, Signal
from processors.audit.explain import recomputation_of, story
from processors.audit.recompute import recompute
from processors.audit.teller import Teller
from processors.audit.texts import LANGUAGES, TEXTS
from processors.audit.trail import gather
from processors.fold.outputs import Outputs
from processors.history import History, open_history
from processors.records.breaches import Breach
from processors.records.ids import reading_id
from processors.records.reasons import REASONS
from processors.records.verdicts import Verdict
from tests.kept import keep, log_of
from tests.logs import (
    HEBEI,
    HOUR,
    MINUTE,
    T0,
    background,
    local_rule,
    minutes,
    revision,
    row,
    rules_of,
    ticking,
)
from tests.recordings import Recordings

CASES = Path(__file__).parents[2] / "cases"
ID = re.compile(r"\b[0-9a-f]{12,32}\b")  # they change with every word of a rule
REPLAYS = sorted(path.name for path in (CASES / "replay").iterdir())


@dataclass
class Kept:
    """A history and what the fold had said."""

    url: str
    history: History
    outputs: list[Outputs]

    @property
    def verdicts(self) -> list[Verdict]:
        return [v for out in self.outputs for v in out.verdicts]

    @property
    def breaches(self) -> list[Breach]:
        return [b for out in self.outputs for b in out.breaches]

    def tell(self, id_: str, language: str = "en") -> list[str]:
        trail = gather(self.history, id_)
        assert trail is not None
        return list(story(Teller(trail, recomputation_of(trail), language)))

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(command, [*arguments, "--history", self.url])


def kept(folder: Path, records: list[FeedRecord], context: bool = True) -> Kept:
    url = f"sqlite:///{folder}/history.db"
    history = open_history(url)
    return Kept(url, history, keep(history, records, context))


def replayed(folder: Path, case: str) -> Kept:
    own = CASES / "replay" / case
    return kept(folder, log_of(own / "config", [own / "recording.jsonl"]))


def dusty_hour(folder: Path, context: bool = True) -> Kept:
    rows = minutes(T0, T0 + HOUR, 231.4)
    others = [background(T0, 120.0, T0 + HOUR + MINUTE)]
    log = ticking(rows, T0 + HOUR + 15 * MINUTE, others=others)
    return kept(folder, [revision(rules=rules_of(HEBEI)), *log], context)


@pytest.mark.parametrize("case", REPLAYS)
def test_every_verdict_and_interval_of_the_golden_replays_is_worked_out_again_to_the_same(
    case: str, tmp_path: Path
) -> None:
    held = replayed(tmp_path, case)
    latest = {row["id"] for row in held.history.rows("intervals", {})}
    for id_ in [*(v.id for v in held.verdicts), *latest]:
        trail = gather(held.history, id_)
        assert trail is not None
        found = recompute(trail)
        assert found.agrees, (id_, found.differences)
        assert trail.missing == [] or {code for code, _ in trail.missing} <= {"readings", "interval"}


@pytest.mark.long
def test_the_dust_storm_by_every_statistic_is_worked_out_again_to_the_same(
    recordings: Recordings, tmp_path: Path
) -> None:
    rules = [
        local_rule(id="max", statistic="max"),
        local_rule(id="p98", statistic="percentile", percentile=98, window=900),
        local_rule(id="count", statistic="count", above=80, limit=3),
        local_rule(id="rolling", alignment="rolling", window=3600, step=900),
        local_rule(id="day", window=86_400),
        local_rule(id="rolling-day", window=86_400, alignment="rolling", limit=50),
        local_rule(id="eight", window=28_800, alignment="rolling", unit="mg/m3", limit=0.15),
        local_rule(id="single", window=0, limit=400),
        local_rule(id="flagless", refuses=[], window=900, strict=False, limit=60),
    ]
    storm = recordings.dust_storm()
    first = storm[0][0] // HOUR * HOUR
    rows = [row(at, pm10, pm2_5=fine, period=0) for at, fine, pm10 in storm if at < first + 40 * HOUR]
    devices = [{"id": "d1", "interval": 300}]
    log = [revision(devices, rules, at=first), *ticking(rows, first + 44 * HOUR, start=first)]
    held = kept(tmp_path, log)
    assert {v.rule for v in held.verdicts} == {rule.id for rule in rules}
    for verdict in held.verdicts[:: max(1, len(held.verdicts) // 400)]:
        trail = gather(held.history, verdict.id)
        assert trail is not None
        found = recompute(trail)
        assert found.agrees, (verdict, found.differences)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("case", "number"),
    [
        ("an-hour-exceeds-and-the-next-complies", 0),
        ("background-comes-after-the-wait", -1),
        ("days-exceed-comply-and-stay-undetermined", 24),
        ("quarters-of-tsp-and-a-single-high-value", 1),
        ("three-stations-two-of-them-needed", 0),
        ("the-wind-turns-and-falls-calm", 1),
    ],
)
def test_a_verdict_is_told_in_these_words(case: str, number: int, language: str, tmp_path: Path) -> None:
    held = replayed(tmp_path, case)
    told = ID.sub("ID", "\n".join(held.tell(held.verdicts[number].id, language)) + "\n")
    file = CASES / "explain" / f"{case}.{language}.txt"
    assert told == file.read_text(encoding="utf-8"), told


def test_the_arithmetic_is_written_out_with_its_numbers(tmp_path: Path) -> None:
    held = dusty_hour(tmp_path)
    told = held.tell(held.verdicts[0].id)
    assert any("231.4 - min(120.0, 150.0) = 111.4 > 80.0" in line for line in told)
    assert any("13884.0 / 60 = 231.4" in line for line in told)


def test_a_breach_is_explained_by_the_verdict_that_opened_it_and_a_silence_by_when_it_began(
    tmp_path: Path,
) -> None:
    held = replayed(tmp_path, "an-unplugged-monitor-closes-nothing")
    opened = {breach.kind: breach for breach in held.breaches}
    told = held.tell(opened["exceedance"].id)
    assert any(line.startswith("arithmetic") for line in told)
    silent = held.tell(opened["offline"].id)
    assert any(line.startswith("silent") for line in silent)
    assert not any(line.startswith(("check", "lacking")) for line in silent)


def test_a_breach_is_told_with_the_wind_and_what_the_site_added(tmp_path: Path) -> None:
    held = replayed(tmp_path, "the-wind-turns-and-falls-calm")
    told = held.tell(held.breaches[0].id)
    assert any(line.startswith("wind") and "from N (350.0 degrees), 3.2 m/s" in line for line in told)
    assert any("the site added 177.5" in line for line in told)
    assert any("is 74 % (95 %: 67 % to 81 %): from the site" in line for line in told)
    calm = held.tell(next(v for v in held.verdicts if "calm" in v.reasons).id)
    assert any("calm, 0.2 m/s on average (of 12): no direction" in line for line in calm)
    assert any("the site's share can't be told: calm" in line for line in calm)


def test_each_revision_says_what_superseded_it(tmp_path: Path) -> None:
    held = replayed(tmp_path, "background-comes-after-the-wait")
    first, second = held.verdicts[0], held.verdicts[1]
    assert (first.start, first.revision, second.revision) == (second.start, 1, 2)
    for one in (first, second):
        told = [line for line in held.tell(one.id) if "superseded by" in line or "<- this one" in line]
        assert "superseded by 2" in told[0]
        assert ("<- this one" in told[0]) == (one is first)


def test_every_revision_of_an_interval_is_kept_and_worked_out_again(tmp_path: Path) -> None:
    rows = minutes(T0, T0 + HOUR, 90)
    late = [HOUR + 9 * MINUTE, HOUR + 30 * MINUTE]  # after the hour was judged, the second one again
    for k, came in enumerate(late):
        rows[20 + k] = rows[20 + k]._replace(received_at=T0 + came, values={"pm10": 500_000 + k})
    held = kept(tmp_path, [revision(rules=[local_rule()]), *ticking(rows, T0 + 2 * HOUR)])
    hours = [i for out in held.outputs for i in out.intervals if i.start == T0 and i.end == T0 + HOUR]
    revisions = [i for i in hours if i.pollutant == "pm10"]
    assert [i.revision for i in revisions] == [1, 2, 3]
    for one in revisions:
        told = held.tell(one.id)
        assert any("it agrees" in line for line in told), told
        assert sum("<- this one" in line for line in told) == 1
    latest = held.history.intervals(pollutant="pm10", start_ms=T0, end_ms=T0 + 1, window="1h")
    assert [row["id"] for row in latest] == [revisions[-1].id]
    first = next(v for v in held.verdicts if v.start == T0 and v.revision == 1)
    assert not any(line.startswith("lacking") for line in held.tell(first.id))


@pytest.mark.parametrize("level", [130.0, 600.0])
def test_an_outlook_is_worked_out_again_with_what_was_known_when_it_was_said(
    level: float, tmp_path: Path
) -> None:
    rows = minutes(T0 - HOUR, T0 + HOUR, level)
    rows[70] = rows[70]._replace(received_at=T0 + 40 * MINUTE)  # late for its quarter
    log = [revision(rules=[local_rule()], at=T0 - HOUR), *ticking(rows, T0 + HOUR + 9 * MINUTE, T0 - HOUR)]
    held = kept(tmp_path, log)
    outlooks = [o for out in held.outputs for o in out.outlooks if o.start == T0]
    assert {o.state for o in outlooks} >= {"warning"} | ({"certain"} if level == 600 else set())
    for one in outlooks:
        told = held.tell(one.id)
        assert any("it agrees" in line for line in told), told
        assert any(line.startswith("ended") and "exceeds" in line for line in told)
        assert ("Can't comply any more" in told[0]) == (one.state == "certain")
    chinese = held.tell(outlooks[-1].id, "zh")
    assert chinese[0].startswith("超标前预警")
    assert not any(line.startswith("lacking") for line in held.tell(outlooks[0].id))


def test_an_outlook_of_hours_of_a_rolling_window_and_of_a_day_is_worked_out_again(tmp_path: Path) -> None:
    rules = [
        local_rule(id="eight", window=28_800, least_capture=0.5),
        local_rule(id="rolling", alignment="rolling", step=900),
        local_rule(id="counted", allowance=1),
    ]
    begin = T0 - HOUR  # midnight
    rows = [row(t, 400.0) for t in range(begin, begin + 5 * HOUR, 5 * MINUTE)]
    device = {"id": "d1", "interval": 300}
    log = [revision([device], rules, at=begin), *ticking(rows, begin + 8 * HOUR + 9 * MINUTE, begin)]
    held = kept(tmp_path, log)
    outlooks = [o for out in held.outputs for o in out.outlooks]
    told: set[tuple[str, str]] = set()
    for one in outlooks:
        for language, words in (("en", "it agrees"), ("zh", "与存档一致")):
            lines = held.tell(one.id, language)
            assert any(words in line for line in lines), lines
        told |= {(one.rule, one.kind)}
    assert told >= {("eight", "interval"), ("rolling", "interval"), ("counted", "day")}
    certain = next(o for o in outlooks if o.kind == "day" and o.state == "certain")
    assert any("1 of them exceed" in line for line in held.tell(certain.id))


def test_a_reading_is_found_by_the_id_that_a_replay_prints(tmp_path: Path) -> None:
    case = "what-cannot-be-used-and-what-came-twice"
    own = CASES / "replay" / case
    held = replayed(tmp_path, case)
    lines = [json.loads(line) for line in (own / "expected" / "readings.jsonl").read_text().splitlines()]
    assert len(lines) > 5
    for line in lines:
        told = held.tell(line["id"])
        assert told[0].startswith("reading"), line
        for name, value in line["values"].items():
            assert any(f"{name} {value['value']}" in words for words in told), (line, told)
    assert held.run(lines[0]["id"][:-1] + "z").exit_code == 1


def test_a_reading_says_what_it_entered_and_why_it_did_not(tmp_path: Path) -> None:
    rows = minutes(T0, T0 + HOUR, 90)
    rows[3] = row(T0 + 3 * MINUTE, 500.0, flags={"pm10": "D"})
    held = kept(tmp_path, [revision(rules=[local_rule()]), *ticking(rows, T0 + HOUR + 5 * MINUTE)])
    good, bad = (
        reading_id("d1", T0 + k * MINUTE, 0, {"pm10": value}, flags)
        for k, value, flags in ((2, 90_000, {}), (3, 500_000, {"pm10": "D"}))
    )
    told = held.tell(good)
    assert any("pm10 90.0 ug/m3" in line and "not admitted" not in line for line in told)
    assert sum("pm10 mean" in line for line in told) == 2  # its quarter and its hour
    assert any(line.startswith("verdicts") and "compliant" in line for line in told)
    assert any(
        "500.0" in line and "not admitted: quality check device_flag!" in line for line in held.tell(bad)
    )
    assert held.tell(good, "zh")[0].startswith("读数")


def test_an_event_of_a_breach_is_found_by_its_own_id(tmp_path: Path) -> None:
    held = replayed(tmp_path, "an-hour-exceeds-and-the-next-complies")
    assert {breach.event for breach in held.breaches} >= {"opened", "closed"}
    for breach in held.breaches:
        for language in LANGUAGES:
            assert held.tell(breach.event_id, language) == held.tell(breach.id, language)


def test_an_altered_reading_is_found_and_is_exit_1(tmp_path: Path) -> None:
    held = dusty_hour(tmp_path)
    with sqlite3.connect(tmp_path / "history.db") as file:
        file.execute("UPDATE readings SET pm10 = 80 WHERE time = ?", (T0 + 5 * MINUTE,))
    done = held.run(held.verdicts[0].id, "--lang", "en")
    assert done.exit_code == 1
    assert "differs from what was stored: value is 228.876667, stored was 231.4" in done.output


def test_a_value_that_was_not_admitted_says_why(tmp_path: Path) -> None:
    rows = minutes(T0, T0 + HOUR - MINUTE, 90)
    rows.append(row(T0 + HOUR - MINUTE, 500.0, flags={"pm10": "D"}))
    repair = Signal("m1", T0 + 1, "s1", "maintenance", None, T0, T0 + 5 * MINUTE)
    log = ticking(rows, T0 + HOUR + 5 * MINUTE, others=[repair])
    held = kept(tmp_path, [revision(rules=[local_rule()]), *log])
    told = held.tell(held.verdicts[0].id)
    assert any("500.0" in line and "not admitted: quality check device_flag!" in line for line in told)
    assert sum("during maintenance" in line for line in told) == 5
    assert any("maintenance s1:" in line for line in told)
    assert any("it agrees" in line for line in told)


def test_a_calibrated_value_is_told_with_its_raw_one_and_worked_out_to_the_same(
    recordings: Recordings, tmp_path: Path
) -> None:
    factor = {"from": T0 + 30 * MINUTE, "pollutant": "pm10", "slope": 1.37, "offset": -2.5, "factor": 1.111}
    told_of = Signal("c1", T0 + 1, "s1", "calibration", None, T0, T0 + 5 * MINUTE, "d1", [factor])
    rows = [row(T0 + k * MINUTE, 90.3 + k / 10) for k in range(60)]
    configured = {"id": "d1", "calibration": [{**factor, "from": T0 + 10 * MINUTE, "slope": 0.933}]}
    log = ticking(rows, T0 + HOUR + 5 * MINUTE, others=[told_of])
    held = kept(tmp_path, [revision([configured], [local_rule()]), *log])
    told = held.tell(held.verdicts[0].id)
    assert any("it agrees" in line for line in told)
    assert sum("during maintenance or calibration" in line for line in told) == 5
    assert any("calibration s1 d1:" in line for line in told)
    assert any("pm10 = raw x 1.37 x 1.111 + -2.5 from" in line for line in told)
    assert any("91.2" not in line and "calibrated, raw 91.3" in line for line in told)


def test_of_two_that_contradict_each_other_the_one_that_counted_is_found(tmp_path: Path) -> None:
    rows = minutes(T0, T0 + HOUR, 90)
    rows += [row(T0 + k * MINUTE, 95.0 + k, received=T0 + k * MINUTE + 2000) for k in range(5)]
    held = kept(tmp_path, [revision(rules=[local_rule(refuses=[])]), *ticking(rows, T0 + HOUR + 5 * MINUTE)])
    told = held.tell(held.verdicts[0].id)
    assert sum("contradicts another" in line for line in told) == 5
    assert any("it agrees" in line for line in told)


def test_how_many_hypotheses_were_tried_is_told_where_there_was_more_than_one(tmp_path: Path) -> None:
    rows = minutes(T0, T0 + HOUR, 90)
    rows += [row(T0 + k * MINUTE, 95.0 + k, received=T0 + k * MINUTE + 2000) for k in range(5)]
    held = kept(tmp_path, [revision(rules=[local_rule(refuses=[])]), *ticking(rows, T0 + HOUR + 5 * MINUTE)])
    id_ = held.verdicts[0].id
    tried = json.loads(held.run(id_, "--json").stdout)["worked_out"]["hypotheses"]
    assert 1 < tried <= 2 * 2**5
    told = {language: held.tell(id_, language) for language in LANGUAGES}
    assert told["en"][-1].strip().startswith(f"{tried} hypotheses were tried")
    assert told["zh"][-1].strip().startswith(f"共试 {tried} 种假设")


def test_one_hypothesis_is_counted_and_not_told(tmp_path: Path) -> None:
    held = dusty_hour(tmp_path)
    id_ = held.verdicts[0].id
    assert json.loads(held.run(id_, "--json").stdout)["worked_out"]["hypotheses"] == 1
    assert not any("hypotheses" in line for line in held.tell(id_))


def test_a_history_that_an_older_version_kept_says_what_it_lacks(tmp_path: Path) -> None:
    held = dusty_hour(tmp_path, context=False)
    done = held.run(held.verdicts[0].id, "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "exceeds" in done.output
    assert f"lacking        configuration {held.verdicts[0].configuration}" in done.output
    assert "lacks what it takes" in done.output


def test_an_id_that_history_does_not_know_is_exit_1_with_the_way_out(tmp_path: Path) -> None:
    held = dusty_hour(tmp_path)
    done = held.run("0123456789")
    assert done.exit_code == 1
    assert "`0123456789`" in done.output
    assert "--history" in done.output


def test_without_the_option_the_language_is_the_countys(tmp_path: Path) -> None:
    held = dusty_hour(tmp_path)
    assert "结论           超标" in held.run(held.verdicts[0].id).output
    assert "answer         exceeds" in held.run(held.verdicts[0].id, "--lang", "en").output


def test_programs_get_one_json_object(tmp_path: Path) -> None:
    held = dusty_hour(tmp_path)
    said = json.loads(held.run(held.verdicts[0].id, "--json").stdout)
    assert said["arithmetic"] == "231.4 - min(120.0, 150.0) = 111.4 > 80.0"
    assert said["worked_out"]["agrees"] is True
    assert len(said["trail"]["readings"]) == 60


def test_every_reason_and_every_word_is_there_in_both_languages() -> None:
    assert set(REASONS) <= set(TEXTS)
    for key, (zh, en) in TEXTS.items():
        assert zh, key
        assert en, key


def dustwatch(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "deploy.cli", *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)


def test_a_history_that_is_not_there_is_exit_3_and_is_not_made(tmp_path: Path) -> None:
    done = dustwatch("explain", "abc", "--history", f"sqlite:///{tmp_path}/none.db")
    assert done.returncode == 3
    assert "none.db is no file" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none.db").exists()
