"""How long windows wait by default is one number: whoever changes it changes fold and explanation alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# An hour whose rule waits for nobody, so that quarters wait by the default: of its readings two are late for
# their quarter, one by less than seven minutes.
_SCRIPT = """
import sys
from pathlib import Path

from processors.windows import calendar

calendar.LATENESS_MS = int(sys.argv[2])

from processors.audit.explain import recomputation_of
from processors.audit.trail import gather
from processors.history import open_history
from tests.kept import keep
from tests.logs import HOUR, MINUTE, T0, local_rule, minutes, revision, ticking

rows = minutes(T0 - HOUR, T0 + HOUR, 130.0)
for minute, came in ((70, 20), (71, 24)):
    rows[minute] = rows[minute]._replace(received_at=T0 + came * MINUTE, values={"pm10": 900_000})
log = [revision(rules=[local_rule(lateness_s=0)], at=T0 - HOUR)]
log += ticking(rows, T0 + HOUR + 20 * MINUTE, T0 - HOUR)
history = open_history("sqlite:///" + sys.argv[1])
outputs = keep(history, log)
found = [one.id for out in outputs for part in (out.verdicts, out.intervals, out.outlooks) for one in part]
assert any(out.outlooks for out in outputs)
for id_ in found:
    trail = gather(history, id_)
    print(trail.kind, recomputation_of(trail).agrees)
"""


def _told(folder: Path, lateness: int) -> list[str]:
    program = [sys.executable, "-c", _SCRIPT, str(folder / f"{lateness}.db"), str(lateness)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_explain_agrees_with_the_fold_whatever_the_default_is(tmp_path: Path) -> None:
    for lateness in (120_000, 420_000):
        told = _told(tmp_path, lateness)
        assert {line.split()[0] for line in told} == {"verdict", "interval", "outlook"}
        # quarters that no verdict names have no configuration here: readings of these tests carry none
        assert {line for line in told if not line.endswith("True")} <= {"interval None"}
