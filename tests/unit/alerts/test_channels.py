"""Contracts of the channels, against small local servers: what an answer means for the message."""

from __future__ import annotations

import email
import json
from dataclasses import replace
from email import policy
from pathlib import Path

import pytest

from alerts.channels import Secrets, open_channels
from alerts.channels.file import FileChannel, FileSender
from alerts.channels.mail import MailChannel, MailSender, mail_of
from alerts.channels.webhook import WebhookSender
from alerts.channels.wecom import WecomChannel, WecomSender, content_of, outcome_of
from alerts.records import CaseContext, Message
from ingest.strict_yaml import ConfigError
from tests.fakes.alerts import NIGHT, breach, messages_of, planner
from tests.fakes.servers import HttpFake, SmtpFake, closed_port


@pytest.fixture
def message() -> Message:
    return messages_of(planner().breach(breach(), CaseContext(), NIGHT)[0])[-1]


def ok(number: int):
    return 200, {"X-Request-Id": f"r{number}"}, b"{}"


@pytest.fixture
def http():
    started = []

    def start(answer=ok) -> HttpFake:
        started.append(HttpFake(answer))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def smtp():
    started = []

    def start(**replies) -> SmtpFake:
        started.append(SmtpFake(replies))
        return started[-1]

    yield start
    for server in started:
        server.stop()


async def test_a_webhook_carries_the_id_on_every_attempt(http, message):
    server = http()
    sender = WebhookSender(server.url, 5, "s3cret")
    first = await sender.send(message, False)
    again = await sender.send(message, True)
    await sender.close()
    assert (first.kind, first.receipt, again.kind) == ("sent", "HTTP 200 r1", "sent")
    assert [h["idempotency-key"] for h, _ in server.requests] == [message.id] * 2
    assert [h.get("x-possible-repeat") for h, _ in server.requests] == [None, "true"]
    headers, body = server.requests[0]
    assert headers["authorization"] == "Bearer s3cret"
    assert (body["id"], body["case"], body["text"]) == (message.id, message.case, message.text)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, "sent"), (204, "sent"), (400, "refused"), (410, "refused"), (413, "refused"), (422, "refused"),
     (301, "retry"), (401, "retry"), (403, "retry"), (404, "retry"), (407, "retry"), (408, "retry"),
     (409, "retry"), (429, "retry"), (500, "retry"), (503, "retry")],
)  # fmt: skip
async def test_a_webhook_status_means(http, message, status, kind):
    sender = WebhookSender(http(lambda n: (status, {}, b"" if status == 204 else b"why")).url, 5)
    assert (await sender.send(message, False)).kind == kind
    await sender.close()


async def test_a_webhook_that_asks_to_wait_is_given_its_time(http, message):
    sender = WebhookSender(http(lambda n: (429, {"Retry-After": "7"}, b"")).url, 5)
    assert (await sender.send(message, False)).after_ms == 7000
    await sender.close()


async def test_a_webhook_that_hangs_up_may_have_taken_the_message(http, message):
    sender = WebhookSender(http(lambda n: None).url, 5)
    assert (await sender.send(message, False)).kind == "unknown"
    await sender.close()


async def test_a_webhook_where_nobody_listens_surely_took_nothing(message):
    sender = WebhookSender(f"http://127.0.0.1:{closed_port()}/secret-path", 5)
    outcome = await sender.send(message, False)
    await sender.close()
    assert outcome.kind == "retry"
    assert "secret-path" not in outcome.reason


@pytest.mark.parametrize(
    ("body", "kind"),
    [('{"errcode":0,"errmsg":"ok"}', "sent"), ('{"errcode":93000,"errmsg":"invalid webhook url"}', "retry"),
     ('{"errcode":93004,"errmsg":"robot is disabled"}', "retry"), ('{"errcode":45002,"errmsg":"too long"}', "refused"),
     ('{"errcode":45009,"errmsg":"freq out of limit"}', "retry"), ('{"errcode":-1}', "retry"),
     ("<html>", "unknown"), ("[]", "unknown"), ('{"errcode":null}', "unknown")],
)  # fmt: skip
async def test_a_robot_answers_200_and_means(http, message, body, kind):
    sender = WecomSender(http(lambda n: (200, {}, body.encode())).url, 5)
    assert (await sender.send(message, False)).kind == kind == outcome_of(body).kind
    await sender.close()


async def test_a_robot_text_holds_the_id_even_where_it_is_cut(http, message):
    server = http(lambda n: (200, {}, b'{"errcode":0}'))
    sender = WecomSender(server.url, 5)
    await sender.send(message, False)
    await sender.close()
    assert message.id in server.requests[0][1]["text"]["content"]
    long = Message(
        **{**{f: getattr(message, f) for f in message.__slots__}, "text": "尘\n" * 2000 + message.text}
    )
    cut = content_of(long, True)
    assert len(cut.encode()) <= 2048
    assert message.id in cut
    assert cut.startswith("（可能重复）")


def mail_channel(port: int, **more) -> MailChannel:
    form = {"id": "mail", "kind": "mail", "host": "127.0.0.1", "port": port, "security": "none"}
    return MailChannel.model_validate({**form, "sender": "dust@county.example", "timeout": 5.0, **more})


@pytest.fixture
def mail_message(message) -> Message:
    to = message.recipient._replace(address="manager@site.example", kind="mail")
    return Message(**{**{f: getattr(message, f) for f in message.__slots__}, "recipient": to})


async def test_a_mail_carries_the_id_as_message_id_and_reference(smtp, mail_message):
    server = smtp()
    sender = MailSender(mail_channel(server.port), None)
    first = await sender.send(mail_message, False)
    await sender.send(mail_message, True)
    await sender.close()
    assert first.kind == "sent"
    mails = [email.message_from_string(text, policy=policy.default) for text in server.mails]
    assert [m["Message-ID"] for m in mails] == [f"<{mail_message.id}@county.example>"] * 2
    assert mails[0]["Subject"] == mail_message.subject
    assert mails[0]["To"] == "manager@site.example"
    assert mail_message.id in mails[0].get_content()
    assert [m["X-Dustwatch-Possible-Repeat"] for m in mails] == [None, "yes"]


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        pytest.param({"RCPT": "550 no such user"}, "refused", id="no such user"),
        pytest.param({"RCPT": "450 later"}, "retry", id="the user later"),
        pytest.param({"MAIL": "553 no"}, "retry", id="the sender refused"),
        pytest.param({"MAIL": "530 log in first"}, "retry", id="log in first"),
        pytest.param({"DATA": "451 later"}, "retry", id="the content later"),
        pytest.param({"END": "554 spam"}, "refused", id="spam"),
        pytest.param({"END": None}, "unknown", id="silence after the content"),
        pytest.param({"EHLO": None, "HELO": None}, "retry", id="no greeting"),
    ],
)
async def test_a_mail_server_that_answers_so_means(smtp, mail_message, replies, kind):
    sender = MailSender(mail_channel(smtp(**replies).port), None)
    assert (await sender.send(mail_message, False)).kind == kind
    await sender.close()


async def test_a_mail_server_that_offers_no_encryption_gets_no_password(smtp, mail_message):
    server = smtp(STARTTLS="502 not known")
    form = mail_channel(server.port, security="starttls", username="u", password_secret="MAIL")
    sender = MailSender(form, "s3cret")
    assert (await sender.send(mail_message, False)).kind == "retry"
    await sender.close()
    assert not any(verb.upper().startswith("AUTH") for verb in server.verbs)


async def test_a_mail_server_where_nobody_listens_is_tried_later(mail_message):
    sender = MailSender(mail_channel(closed_port()), None)
    assert (await sender.send(mail_message, False)).kind == "retry"
    await sender.close()


async def test_a_file_gets_one_readable_line_a_message(tmp_path: Path, message):
    sender = FileSender(tmp_path / "new" / "messages.jsonl")
    assert (await sender.send(message, False)).kind == "sent"
    (tmp_path / "new" / "messages.jsonl").open("ab").write(b'{"torn')
    assert (await sender.send(message, True)).kind == "sent"
    await sender.close()
    first, torn, second = (tmp_path / "new" / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["id"] == json.loads(second)["id"] == message.id
    assert json.loads(second)["possible_repeat"] is True
    assert torn == '{"torn'
    assert "请" in first


async def test_a_file_that_can_not_be_written_is_tried_later(tmp_path: Path, message):
    (tmp_path / "messages.jsonl").mkdir()
    sender = FileSender(tmp_path / "messages.jsonl")
    assert (await sender.send(message, False)).kind == "retry"
    await sender.close()


def test_a_secret_is_found_in_the_environment_or_in_a_file(tmp_path: Path):
    (tmp_path / "ROBOT").write_text("https://robot\n", encoding="utf-8")
    secrets = Secrets(tmp_path, {"DUSTWATCH_SECRET_MAIL": "pw"})
    assert (secrets("MAIL"), secrets("ROBOT")) == ("pw", "https://robot")


def test_a_missing_secret_is_named_with_where_it_was_looked_for(tmp_path: Path):
    form = WecomChannel(id="robot", kind="wecom", url_secret="ROBOT")
    with pytest.raises(
        ConfigError, match=r"`ROBOT` is not there; looked for the variable DUSTWATCH_SECRET_ROBOT"
    ):
        open_channels(
            {"robot": form, "file": FileChannel(id="file", kind="file")}, Secrets(tmp_path, {}), tmp_path
        )


def test_a_line_break_in_a_subject_adds_no_header_to_a_mail(mail_message):
    spoilt = replace(mail_message, subject="一号\r\nBcc: all@example.org\x00")
    mail = mail_of(spoilt, "dust@county.example", possible_repeat=False)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "一号 Bcc: all@example.org\ufffd"
    assert b"\nBcc:" not in bytes(mail)
