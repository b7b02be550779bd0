"""The ways to a person: one module a kind, all behind `Channel`; none raises for what a peer does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from alerts.channels.base import Channel
from alerts.channels.file import FileSender
from alerts.channels.mail import MailSender
from alerts.channels.secrets import Secrets
from alerts.channels.webhook import WebhookSender
from alerts.channels.wecom import WecomSender
from alerts.routing.forms import ChannelForm, FileChannel, MailChannel, WebhookChannel

__all__ = ["Channel", "Secrets", "open_channels"]


def open_channels(
    forms: Mapping[str, ChannelForm], secret: Callable[[str], str], files: Path
) -> dict[str, Channel]:
    """A sender for every channel of the configuration. Raises ConfigError for an absent secret."""
    return {id: _open(form, secret, files) for id, form in forms.items()}


def _open(form: ChannelForm, secret: Callable[[str], str], files: Path) -> Channel:
    if isinstance(form, FileChannel):
        return FileSender(files / form.name)
    if isinstance(form, MailChannel):
        password = secret(form.password_secret) if form.password_secret else None
        return MailSender(form, password)
    if isinstance(form, WebhookChannel):
        url = form.url or (secret(form.url_secret) if form.url_secret else None)
        token = secret(form.token_secret) if form.token_secret else None
        return WebhookSender(url, form.timeout, token)
    return WecomSender(secret(form.url_secret), form.timeout)
