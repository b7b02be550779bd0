"""Why a result is what it is, from history alone.

`trail` collects what a result depends on, `recompute` does the arithmetic again with code of its own,
`explain` says it in Chinese and English.
"""
