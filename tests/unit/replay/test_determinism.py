"""One recording in batches of any size, and with a crash after every n-th record: the same JSON Lines.

The third way, live through Kafka, is `tests/integration/test_live_equals_replay.py`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

import processors.replay.recordings
from deploy.county.compile import revision_of_folder
from ingest import codec
from ingest.recording import read_recording
from ingest.register import load_register
from processors.fold.detector import Detector
from processors.replay.feed import feed_of
from processors.replay.result import Replayed, write
from tests.counties import (
    device,
    write_county,
    write_recording,
)
from tests.eventful import PACKS, START, eventful_county, eventful_messages
from tests.recordings import PRESENT, Recordings

pytestmark = pytest.mark.long  # seconds for each way to cut a recording
Files = dict[str, bytes]


def _eventful(folder: Path) -> tuple[Path, Path, int]:
    recording = write_recording(folder / "recording.jsonl", eventful_messages())
    return eventful_county(folder / "county"), recording, START


def _storm(of: Recordings, folder: Path) -> tuple[Path, Path, int]:
    devices = [device(name, interval=300) for name in ("a", "b")]
    county = write_county(folder / "county", devices, packs=PACKS)
    recording = write_recording(folder / "recording.jsonl", of.dust_storm_messages(("a", "b"))[:3000])
    return county, recording, of.dust_storm()[0][0]


WAYS = {"eventful": _eventful, **{f"dust-storm-{one.name}": partial(_storm, one) for one in PRESENT}}


@pytest.fixture(scope="module", params=WAYS.values(), ids=WAYS)
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, int, Files]:
    """(county, recording, its start, the files of `dustwatch replay`)."""
    folder = tmp_path_factory.mktemp("played")
    county, recording, start = request.param(folder)
    revision = revision_of_folder(county, received_at=start)
    replayed = processors.replay.recordings.replay(
        load_register(county), revision, [read_recording(recording)], outlooks=True
    )
    files = _files(replayed, folder / "expected")
    for kind in ("readings", "intervals", "verdicts", "breaches"):
        assert files[f"{kind}.jsonl"], f"the recording leads to {kind}"
    return county, recording, start, files


def _files(replayed: Replayed, folder: Path) -> Files:
    folder.mkdir()
    write(replayed, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _judged(county: Path, recording: Path, start: int, crash_every: int) -> Replayed:
    """As a worker would: over the wire, from a snapshot after each crash."""
    out, detector = Replayed(foresees=True), Detector.empty()
    revision = revision_of_folder(county, received_at=start)
    feed = feed_of(read_recording(recording), load_register(county), revision, None, out)
    for number, sent in enumerate(feed, 1):
        found = detector.fold(codec.decode(*codec.encode(sent)))
        out.take(found)
        if crash_every and number % crash_every == 0:
            detector = Detector.load(detector.dump())
    return out


@pytest.mark.parametrize("rows", [1, 3, 50])
def test_batches_of_any_size_give_the_same_json_lines(
    played: tuple[Path, Path, int, Files], rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    county, recording, start, expected = played
    monkeypatch.setattr("processors.replay.feed.MOST_ROWS", rows)
    assert _files(_judged(county, recording, start, 0), tmp_path / "out") == expected


@pytest.mark.parametrize("every", [1, 7, 100])
def test_a_crash_after_every_nth_record_gives_the_same_json_lines(
    played: tuple[Path, Path, int, Files], every: int, tmp_path: Path
) -> None:
    county, recording, start, expected = played
    assert _files(_judged(county, recording, start, every), tmp_path / "out") == expected
