"""Who may use the desk: accounts and roles, what a unit answers for, passwords, links and tokens."""

from alerts.people.accounts import (
    Account,
    AuditEntry,
    Link,
    MachineToken,
    Visit,
)
from alerts.people.answering import Answering
from alerts.people.roles import PERMISSIONS, ROLES, SCOPES, Role, unit_fault
from alerts.people.throttle import Throttle
from alerts.people.tokens import digest, new_token
