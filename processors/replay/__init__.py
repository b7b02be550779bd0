"""Recorded messages and stored history judged again, without a server.

`replay` runs the bridge's decoders and the fold over the log that a recording makes (`feed`); `lines` and
`result` are what it writes. `backtest` compares other rules with what was judged of one of the pasts
(`past`): recordings, history (`log_from_history`) or the log; `unreproducible` names what can't be judged
again.
"""
