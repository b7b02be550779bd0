"""Table of the kinds of channel; a new kind is a module beside this one and an entry here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, NamedTuple, Union

from pydantic import Field

from alerts.channels.base import ChannelForm
from alerts.channels.file import FileChannel
from alerts.channels.mail import MailChannel
from alerts.channels.webhook import WebhookChannel
from alerts.channels.wecom import WecomChannel


class ChannelKind(NamedTuple):
    """Properties of a kind of channel."""

    form: type[ChannelForm]  # its entry in channels.yaml, which opens its sender
    shown: Mapping[str, str]  # its name on the desk by language
    ready: bool = False  # needs no setting up: there unless the county has some of that kind


CHANNEL_KINDS: dict[str, ChannelKind] = {
    "file": ChannelKind(FileChannel, {"en": "file", "zh": "文件"}, ready=True),
    "webhook": ChannelKind(WebhookChannel, {"en": "webhook", "zh": "webhook"}, ready=True),
    "mail": ChannelKind(MailChannel, {"en": "e-mail", "zh": "电子邮件"}),
    "wecom": ChannelKind(WecomChannel, {"en": "WeCom robot", "zh": "企业微信机器人"}),
}
READY_CHANNELS: tuple[ChannelForm, ...] = tuple(
    kind.form(id=name, kind=name) for name, kind in CHANNEL_KINDS.items() if kind.ready
)
if TYPE_CHECKING:
    AnyChannel = ChannelForm
else:
    AnyChannel = Annotated[
        Union[tuple(kind.form for kind in CHANNEL_KINDS.values())],  # noqa: UP007 - of a table
        Field(discriminator="kind"),
    ]
