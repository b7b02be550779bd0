"""The account of a run: what is accounted for, also where somebody publishes beside the simulated monitors."""

from __future__ import annotations

from collections import Counter

import pytest

from deploy.machine.account import ReadingsAccount


@pytest.mark.parametrize(
    ("published", "received", "stored", "complete"),
    [
        (100, 100, 97, True),
        (100, 100, 96, False),  # one is on its way to the store
        (100, 98, 95, False),  # two have not come yet
        (100, 102, 99, True),  # two by hand
        (100, 102, 98, False),
    ],
)
def test_a_reading_published_by_hand_is_accounted_for_like_the_others(
    published: int, received: int, stored: int, complete: bool
) -> None:
    account = ReadingsAccount(published, received, stored, 1, Counter(bad_json=1), Counter(status=1))
    assert account.complete == complete
    assert account.beside == max(0, received - published)
