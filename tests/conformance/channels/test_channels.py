"""What every kind of channel does, whatever its peer does: the same suite for each entry of the table."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from alerts.channels import CHANNEL_KINDS, ChannelForm
from alerts.records import REFUSED, SENT
from alerts.retry import RETRY, UNKNOWN, Outcome
from tests.fakes.channels import ABSENT, BEHAVIOURS, HANGS_UP, TAKES, Opened

Start = Callable[[str], Opened]


async def test_what_the_peer_takes_is_sent_and_has_a_receipt(opened: Start) -> None:
    one = opened(TAKES)
    outcome = await one.sender.send(one.message, False)
    await one.sender.close()
    assert outcome.kind == SENT
    assert outcome.receipt


@pytest.mark.parametrize("behaviour", [b for b in BEHAVIOURS if b != TAKES])
async def test_no_fault_of_a_peer_raises_or_counts_as_sent_and_each_has_a_reason(
    opened: Start, behaviour: str
) -> None:
    one = opened(behaviour)
    outcome = await one.sender.send(one.message, False)
    await one.sender.close()
    assert isinstance(outcome, Outcome)
    assert outcome.kind in (RETRY, REFUSED, UNKNOWN)
    assert outcome.reason


async def test_a_peer_that_is_not_there_took_nothing(opened: Start) -> None:
    one = opened(ABSENT)
    outcome = await one.sender.send(one.message, False)
    await one.sender.close()
    assert outcome.kind == RETRY


async def test_a_peer_that_hangs_up_may_have_taken_it(opened: Start) -> None:
    one = opened(HANGS_UP)
    outcome = await one.sender.send(one.message, False)
    await one.sender.close()
    assert outcome.kind == (RETRY if one.kind == "file" else UNKNOWN)  # a disk that refuses has nothing


async def test_several_messages_at_once_are_all_sent(opened: Start) -> None:
    one = opened(TAKES)
    outcomes = await asyncio.gather(*(one.sender.send(one.message, number > 0) for number in range(5)))
    await one.sender.close()
    assert [outcome.kind for outcome in outcomes] == [SENT] * 5


async def test_a_sender_may_be_closed_twice(opened: Start) -> None:
    one = opened(TAKES)
    await one.sender.close()
    await one.sender.close()


def test_every_kind_has_a_name_in_both_languages_and_its_form_says_its_kind() -> None:
    for name, kind in CHANNEL_KINDS.items():
        assert set(kind.shown) == {"en", "zh"}
        assert kind.form.model_json_schema()["properties"]["kind"]["const"] == name


def test_a_kind_needs_an_address_only_where_it_says_under_which_key(kind: str) -> None:
    form = CHANNEL_KINDS[kind].form
    assert form.address_key is not None or form.needs_address is ChannelForm.needs_address
