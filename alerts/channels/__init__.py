"""Channels to people, one module per kind: its entry in `channels.yaml`, and the sender opened from it.

`CHANNEL_KINDS` is the table of all kinds. No sender raises because of what its peer does.
"""

from alerts.channels.base import ChannelForm, Sender
from alerts.channels.kinds import CHANNEL_KINDS, READY_CHANNELS, AnyChannel, ChannelKind
from alerts.channels.opening import open_channels
from alerts.channels.secrets import Secrets
