"""The consumer groups of a county: `APPLICATION-COUNTY-STAGE`, COUNTY made of the name that the log holds.

Two counties on one Kafka would otherwise be members of one group and take partitions from each other. The
name is the log's, not a folder's, so that all services and `status` mean the same groups. Where the log
holds no configuration yet it is left out, as it was in versions before.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from deploy.county.apply import county_of, revisions_in_log
from ingest.kafka_options import KafkaOptions

_LONGEST = 24  # of the readable part: Kafka takes 249 signs with stage and instance


@dataclass(frozen=True, slots=True)
class Groups:
    """What the names of groups begin with, and what they began with before: states are there under those."""

    application: str
    former: tuple[str, ...] = ()

    def of(self, stage: str) -> tuple[str, ...]:
        """The groups of a stage, the present one first."""
        return tuple(f"{name}-{stage}" for name in (self.application, *self.former))


def county_slug(name: str) -> str:
    """A county's name in letters that Kafka takes: what is ASCII in it, and a hash of the whole.

    The same for all ways in which Unicode writes one name.
    """
    whole = unicodedata.normalize("NFKC", name).strip()
    readable = re.sub(r"[^a-z0-9]+", "-", whole.casefold()).strip("-")[:_LONGEST].strip("-")
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{readable}-{digest}" if readable else digest


def groups_of(application: str, counties: list[str]) -> Groups:
    """The groups where these counties were applied, in order; the last one counts."""
    names = [f"{application}-{county_slug(county)}" for county in counties]
    ordered = list(dict.fromkeys([*reversed(names), application]))
    return Groups(ordered[0], tuple(ordered[1:]))


async def groups_in_log(kafka: KafkaOptions, application: str) -> Groups:
    """The groups of the county that the log holds. Raises KafkaMissing."""
    return groups_of(application, [county_of(one) for one in await revisions_in_log(kafka)])
