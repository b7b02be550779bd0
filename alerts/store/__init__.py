"""The case store: cases, their events, the outbox and its attempts, in SQLite or PostgreSQL."""

from alerts.store.case_store import Written, CaseStore, Planner
from alerts.store.errors import StoreBehind, StoreDamaged, StoreError, WrongSchema, WrongStore
from alerts.store.outbox_store import OutboxStore
from alerts.store.set_aside import SetAside
