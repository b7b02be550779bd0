"""Policy of a county for regional episodes, as the fold applies it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.regional_form import NO_SOURCE, UNCONFIRMED, RegionalForm
from processors.columns import NANO

OFF, HOLD, DOWNGRADE = "off", "hold", "downgrade"  # `label` asks for nothing more


@dataclass(frozen=True, slots=True)
class RegionalPolicy:
    """Mark in 1e-9 ug/m3 of PM10; `status`: how well both are known, `unconfirmed`: by no source."""

    mark: int
    policy: str
    citation: str
    status: str

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> RegionalPolicy:
        """The policy of an area in a revision's body; None: the defaults."""
        form = RegionalForm.model_validate(body or {})
        status = (form.status or UNCONFIRMED) if form.citation else UNCONFIRMED
        return cls(round(form.mark * NANO), form.policy, form.citation or NO_SOURCE, status)


BY_DEFAULT = RegionalPolicy.of(None)
