"""What a unit answers for: the sites and cases that its people see."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.kinds import SUSPICION
from alerts.people.units import CONTRACTOR, COUNTY, DEPARTMENT, SITE, kind_of_unit
from ingest.register import Register

_COORDINATES = "coordination"
_TERRITORIAL = "territorial"
# A suspicion of falsification is the authorities' matter: whom it is about is not warned by the desk.
_WITHHELD = {SITE: frozenset({SUSPICION}), CONTRACTOR: frozenset({SUSPICION})}


@dataclass(frozen=True, slots=True)
class Answering:
    """`sites` None: all of them, and what belongs to no site (the platform's own trouble)."""

    sites: frozenset[str] | None
    withheld: frozenset[str] = frozenset()  # kinds of case

    @classmethod
    def of(cls, unit: str, register: Register) -> Answering:
        """What `unit` answers for by the register.

        A department answers for the sites that name it; for all of them where the register says so, where it
        coordinates, or where no site names it and it is no township: it answers by matter then.
        """
        kind, id = kind_of_unit(unit)
        withheld = _WITHHELD.get(kind, frozenset())
        if kind == COUNTY:
            return cls(None, withheld)
        if kind == SITE:
            return cls(frozenset({id} & register.sites.keys()), withheld)
        if kind == CONTRACTOR:
            return cls(frozenset(s.id for s in register.sites.values() if s.contractor == id), withheld)
        if kind != DEPARTMENT or id not in register.departments:
            return cls(frozenset(), withheld)  # the unit is no longer there
        own = frozenset(s.id for s in register.sites.values() if id in (s.department, s.township))
        line = register.departments[id].line
        everywhere = line == _COORDINATES or register.departments[id].answers == COUNTY
        if everywhere or (not own and line != _TERRITORIAL):
            return cls(None, withheld)
        return cls(own, withheld)

    def site(self, id: str) -> bool:
        """True if the unit answers for a site."""
        return self.sites is None or id in self.sites

    def case(self, kind: str, site: str) -> bool:
        """True if its people see a case of `kind` at `site` (empty: of no site)."""
        return kind not in self.withheld and (self.sites is None or (bool(site) and site in self.sites))
