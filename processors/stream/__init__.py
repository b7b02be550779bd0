"""The only rooms that know Kafka and Faust.

`shell` keeps offsets, snapshots and acknowledgements around a `stage`; `detect` and `store` are the two
stages of this package. What starts the engine is imported where a service runs: nothing else loads it.
"""
