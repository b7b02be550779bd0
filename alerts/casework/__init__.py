"""Work on cases: what breaches, people and the passing of time ask of the life cycle, by one configuration.

Pure: it knows the register, no clock and no database. `alerts.store.life_store` writes what it decides.
"""

from alerts.casework.life_planner import LifePlanner
