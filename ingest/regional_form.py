"""Regional episodes of an area in `county.yaml`: the mark of the background, and what follows for breaches.

No source confirms the mark or the policy: a county that has a document names it, with how well it is known.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictFloat

from ingest.forms import Form, Name

UNCONFIRMED = "unconfirmed"
NO_SOURCE = "county policy, not confirmed by a source"  # in the data, where no document is named
RegionalPolicyName = Literal["off", "label", "hold", "downgrade"]


class RegionalForm(Form):
    """Mark of PM10 in ug/m3, and the policy: what is done with a breach inside an episode."""

    # an IAQI of 200 in HJ 633-2026, above which air is called heavily polluted; a choice of this project
    mark: Annotated[StrictFloat, Field(gt=0, le=10_000)] = 350.0
    policy: RegionalPolicyName = "downgrade"
    citation: Name | None = None  # document that orders it
    status: Literal["read", "reported", "recalled"] | None = None  # how well that is known


def plain_regional(form: RegionalForm) -> dict[str, Any]:
    """What the county sets otherwise than the defaults, as plain data."""
    return form.model_dump(exclude_defaults=True)
