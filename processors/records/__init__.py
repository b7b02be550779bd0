"""Records that processors publish, and their form on Kafka.

`dust.results` carries `dust.judged/1` (the Arrow value of the feed record unchanged, with detection's
findings in its headers), `dust.flags/1` (quality flags of its values), `dust.outlooks/1` (forecasts for open
windows), `dust.winds/1` (the wind at a site over an hour and the site's own contribution) and
`dust.judgements/2` (intervals and verdicts); `dust.breaches` carries `dust.breach/1` and `dust.outlook/1`
(an outlook that people are told of). Instants are int milliseconds UTC, values are floats in the unit of the
pollutant.
"""

from __future__ import annotations

from processors.records.any_record import decode
from processors.records.breaches import BREACH, NO_LIMIT, Breach, breach_from_body, decode_breach
from processors.records.breaches import encode_breach
from processors.records.fault_words import FAULT_WORDS
from processors.records.ids import ids_of, reading_id, short_id, time_of_reading
from processors.records.judgements import decode_judgements, judgement_records
from processors.records.outlooks import CERTAIN, EVENTS, IF_MEASURED, OUTLOOK, OUTLOOKS, QUIET, STATES, TITLES
from processors.records.outlooks import UNDETERMINABLE, WARNING, Outlook, decode_outlook, decode_outlooks
from processors.records.outlooks import encode_outlook, encode_outlooks
from processors.records.readings import FLAGS, JUDGED, Flagged, Judged, decode_flags, decode_judged
from processors.records.readings import decode_judged_together, encode_flags, encode_judged
from processors.records.reasons import ANNOUNCED_CUT, BEGAN, GAP_REASONS, HIGH_BACKGROUND, INTERVAL, LOST, LOW
from processors.records.reasons import NEVER_SEEN
from processors.records.reasons import NOT_ADMITTED, NO_BACKGROUND, NO_DATA, NO_UPWIND, NO_WIND, OF_BACKGROUND
from processors.records.reasons import REASONS, REASONS_OF, REMARKS, RISING, SILENT
from processors.records.regional import (
    REGIONAL,
    RegionalEpisode,
    decode_regional,
    encode_regional,
    regional_of,
)
from processors.records.tables import INTERVALS, VERDICTS, Group, Table
from processors.records.verdicts import ANSWERS, COMPLIANT, EXCEEDS, JUDGEMENTS, UNDETERMINED, Interval
from processors.records.verdicts import Verdict
from processors.records.winds import WINDS, Share, SiteHour, decode_winds, site_hour_of, wind_records
