"""Replay and backtest: recorded messages and stored history judged again, without a server.

`recordings` runs the bridge's decoders and the fold over the log made from a recording (`feed`), in one
partition or several (`partitions`); `lines` and `result` are its output. `backtest` compares other rules with
what was judged, over one of the pasts (`past`): recordings, history (`log_from_history`) or the log;
`unreproducible` names verdicts that can't be judged again.
"""

from __future__ import annotations

from processors.replay.backtest import write as write_backtest
from processors.replay.result import write as write_replay
from processors.replay.backtest import Backtest, BacktestResult, JudgedSpan, VerdictKey, key_of
from processors.replay.feed import merged
from processors.replay.line_schemas import INSTANT, body_schema, judgements_schema, line_schema, record_schema
from processors.replay.lines import interval_of_line, wind_of_line
from processors.replay.past import judge_history, judge_recordings
from processors.replay.recordings import replay
from processors.replay.unreproducible import WHY, by_log
