"""The plan: a configuration revision compiled into columns, one row per device.

`rules` are limits as data with their sources, `rule_in_force` is one as the fold applies it; orders,
maintenance and calibrations from the log change which of them apply where and when.
"""

from __future__ import annotations

from processors.plan.background_term import REFERENCE, UPWIND
from processors.plan.body import TOGETHER_S, compile_revision, make_revision, revision_id
from processors.plan.calibrations import Calibrations
from processors.plan.exemptions import Exemption, exemptions
from processors.plan.footprint import added_by
from processors.plan.maintenance import is_under, under_maintenance
from processors.plan.monitors import Tables
from processors.plan.orders import CALIBRATION, CUTS, EVERYWHERE, MAINTENANCE, POWER, SERVICE, Order
from processors.plan.orders import OrderChange, Orders, current_orders, says_no_start
from processors.plan.plan import OFFLINE_INTERVALS, OFFLINE_LEAST_MS, Area, Plan, depends_on
from processors.plan.plan import formers_of, silent_after_ms, sites_of_partition
from processors.plan.plan_change import PlanChange, Planned
from processors.plan.regional_policy import DOWNGRADE, HOLD, OFF, RegionalPolicy
from processors.plan.rule_in_force import PLAIN, Admission, Former, RuleInForce, rule_in_force
from processors.plan.rules import LEVELS, NO_MEASUREMENT, Pack, Rule, RuleSet, RulesFile, load_pack
from processors.plan.rules import load_rules, pack_names
from processors.plan.site_states import FINISHED, PLANNED, RESTING, STOPPED, StateOfRows, plain_states
from processors.plan.site_states import state_at
