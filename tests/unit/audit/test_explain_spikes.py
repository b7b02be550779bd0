"""What a later value revealed is worked out again for each revision by what was known when it was decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.records import FeedRecord
from processors.audit.explain import recomputation_of
from processors.audit.trail import gather
from processors.history import open_history
from tests.kept import keep
from tests.logs import HOUR, MINUTE, T0, local_rule, revision, row, ticking

GLITCH = 9000.0


@pytest.mark.parametrize("interval", [1, 5, 15])
@pytest.mark.parametrize("period", [0, 1])
@pytest.mark.parametrize("came", [1, 40])  # minutes after its time: the value after the glitch
def test_every_revision_of_a_window_with_a_glitch_at_its_end_is_worked_out_again(
    interval: int, period: int, came: int, tmp_path: Path
) -> None:
    step = interval * MINUTE
    times = range(T0 - HOUR, T0 + 2 * HOUR, step)
    glitch = T0 + HOUR - step
    rows = [
        row(
            t,
            GLITCH if t == glitch else 50.0 + t // step % 3,
            received=t + period * step + 1000,
            period=period * step,
        )
        for t in times
    ]
    rows = [
        r._replace(received_at=r.time + came * MINUTE + period * step) if r.time == glitch + step else r
        for r in rows
    ]
    rules = [local_rule(), local_rule(id="quarter", window=900)]
    log: list[FeedRecord] = [revision([{"id": "d1", "interval": interval * 60}], rules, at=T0 - HOUR)]
    log += ticking(sorted(rows, key=lambda r: r.received_at), T0 + 3 * HOUR, T0 - HOUR)
    history = open_history(f"sqlite:///{tmp_path}/history.db")
    outputs = keep(history, log)
    verdicts = [v for out in outputs for v in out.verdicts]
    revised = [v for v in verdicts if v.revision > 1 and v.start <= glitch < v.end]
    assert {v.answer for v in revised} <= {"compliant", "undetermined"}
    later = min(r.received_at for r in rows if glitch < r.time <= glitch + 2 * step)
    assert bool(revised) == (later >= T0 + HOUR + 2 * MINUTE)
    found = [
        one.id for out in outputs for part in (out.verdicts, out.intervals, out.outlooks) for one in part
    ]
    for id_ in found:
        trail = gather(history, id_)
        assert trail is not None
        assert recomputation_of(trail).agrees is not False, (trail.kind, recomputation_of(trail))
