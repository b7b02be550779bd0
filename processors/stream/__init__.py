"""Kafka and Faust: no other package knows them.

`shell` keeps offsets, snapshots and acknowledgements around a `stage`; `detect` and `store` are the two
stages of this package. Modules that start the engine are imported only where a service runs.
"""
