"""Recorded messages and stored history judged again, without a server.

`replay` runs the bridge's decoders and the fold over a recording, `backtest` compares other rules with what
was judged, `log_from_history` makes a log again from what was stored.
"""
