"""`dustwatch signal`: what it writes, what it refuses and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import ingest.everywhere
from deploy.commands.signal import KINDS, command
from ingest.codec import decode, encode
from ingest.kafka_refusal import KafkaMissing
from ingest.records import Signal
from tests.counties import device, site, write_county

NOW = 1_795_392_000_000  # 2026-11-23T08:00 in the county
HOUR = 3_600_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    devices = [device("dev-1"), device("dev-2", "site-2")]
    return write_county(tmp_path_factory.mktemp("county"), devices, [site("site-1"), site("site-2")])


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[Signal]:
    held: list[Signal] = []

    async def put(_: object, records: list[Signal]) -> int:
        held.extend(records)
        return 12

    monkeypatch.setattr(ingest.everywhere, "put_everywhere", put)
    monkeypatch.setenv("DUSTWATCH_CLOCK", "2026-11-23T00:00:00Z x0.000001")
    return held


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, [*arguments, "--config", str(folder)])
    return done.exit_code, done.output + done.stderr


def test_an_order_is_written_with_who_why_and_the_documents_number(folder: Path, log: list[Signal]) -> None:
    told = ("--from", "2026-11-23T09:00", "--until", "2026-11-23T12:00", "--by", "王", "--reason", "线路检修")
    code, words = run(folder, "power", "site-1", "--device", "dev-1", *told, "--document", "供电〔2026〕12号")
    assert code == 0, words
    (made,) = log
    assert (made.kind, made.place, made.device) == ("power", "site-1", "dev-1")
    assert (made.start, made.end, made.received_at) == (NOW + HOUR, NOW + 4 * HOUR, NOW)
    assert (made.author, made.reason, made.document) == ("王", "线路检修", "供电〔2026〕12号")
    assert decode(*encode(made)) == made
    assert made.id in words


def test_the_same_order_given_twice_has_one_id_and_another_has_its_own(
    folder: Path, log: list[Signal]
) -> None:
    for until in ("2026-11-23T12:00", "2026-11-23T12:00", "2026-11-23T13:00"):
        run(folder, "power", "site-1", "--from", "2026-11-23T09:00", "--until", until, "--by", "w")
    assert log[0].id == log[1].id != log[2].id


def test_an_order_is_changed_or_withdrawn_under_its_id_and_keeps_its_beginning(
    folder: Path, log: list[Signal]
) -> None:
    assert run(folder, "power", "site-1", "--id", "p1", "--until", "2026-11-23T13:00")[0] == 0
    assert run(folder, "power", "site-1", "--id", "p1", "--withdraw")[0] == 0
    assert [(one.id, one.start, one.end) for one in log] == [
        ("p1", NOW, NOW + 5 * HOUR),  # a beginning at its receipt says nothing of it
        ("p1", NOW, NOW),
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["county", "town-east", "site-1"])
def test_every_kind_is_taken_for_every_kind_of_place(
    folder: Path, log: list[Signal], kind: str, place: str
) -> None:
    level = {"alert": ("--level", "red"), "stage": ("--level", "structure")}.get(kind, ())
    assert run(folder, kind, place, *level)[0] == 0
    assert [(one.kind, one.place) for one in log] == [(kind, place)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("power", "site-3"), "did you mean `site-"),
        (("power", "nowhere"), "no area of county.yaml, township, or site"),
        (("power", "site-1", "--device", "dev-9"), "did you mean `dev-"),
        (("power", "site-1", "--device", "dev-2"), "stands at 'site-2'"),
        (("power", "site-1", "--from", "2026-11-24", "--until", "2026-11-23"), "not after its beginning"),
        (("power", "site-1", "--until", "2026-11-22"), "earlier --from"),
        (("power", "site-1", "--until", "noon"), "is no instant"),
        (("alert", "county"), "--level red"),
        (("stage", "site-1", "--level", "structur"), "did you mean `structure`"),
        (("permit", "site-1", "--device", "dev-1"), "of one monitor are"),
        (("power", "site-1", "--withdraw"), "--id"),
        (("blackout", "site-1"), "is not one of"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_value_and_the_way_out(
    folder: Path, log: list[Signal], arguments: tuple[str, ...], words: str
) -> None:
    code, said = run(folder, *arguments)
    assert (code, log) == (2, [])
    assert words in said.replace("\n", " ")


def test_doubts_are_told_and_the_order_is_taken(folder: Path, log: list[Signal]) -> None:
    _, said = run(folder, "shutdown", "county", "--from", "2026-11-20", "--until", "2026-11-21")
    assert [word in said for word in ("no --reason", "over already", "told all the same")] == [True] * 3
    assert len(log) == 1


def test_an_order_for_a_department_that_is_no_township_is_doubted(folder: Path, log: list[Signal]) -> None:
    assert "no site is in 'housing'" in run(folder, "permit", "housing")[1]
    assert "no site is in" not in run(folder, "permit", "town-east")[1]


def test_a_dry_run_writes_nothing(folder: Path, log: list[Signal]) -> None:
    assert (run(folder, "power", "site-1", "--dry-run")[0], log) == (0, [])


def test_where_no_kafka_answers_the_error_is_the_servers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUSTWATCH_KAFKA", "127.0.0.1:9")
    with pytest.raises(KafkaMissing, match=r"127\.0\.0\.1:9"):
        CliRunner().invoke(command, ["power", "site-1", "--config", str(folder)], catch_exceptions=False)
