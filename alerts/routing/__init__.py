"""Routing: the forms of `routing.yaml` and `channels.yaml`, and the people they lead to.

`load_routing` reads and checks both files; `recipients_of` returns everybody who is told of a matter at a
site, with the reason; `uncovered` names every site and hour at which nobody would be,
and `gaps_ahead` each line, day and hour of the coming year, by the rows of the store as well.
"""

from alerts.routing.forms import (
    CHANNELS,
    ROUTING,
    Deliveries,
    Routing,
    RoutingForm,
    Silence,
    Watch,
    idle_routes,
    links_lead_nowhere,
    load_routing,
)
from alerts.routing.coverage import DutyGap, gaps_ahead
from alerts.routing.taking_over import rows_of_folder, terms_of
from alerts.routing.who import contacts_told, deadline_ms, operators_on_duty, recipients_of, uncovered
