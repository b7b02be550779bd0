"""Regional episodes: when the air of a whole area is bad, and what that changes for breaches.

`episodes` finds them in the background of an area; `labels` says which breaches lie inside one, and by the
county's policy holds back or downgrades them for telling and assessment. No verdict depends on any of it.
"""

from __future__ import annotations

from processors.regional.episodes import POLLUTANT, AreaEpisode, Episodes
from processors.regional.labels import Label, Labels, episode_id, label_of
