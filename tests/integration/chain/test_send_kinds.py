"""The four kinds of intent, carried out from the first to the last transaction on a chain."""

import pytest

from apps.chain import selectors
from apps.chain.types import HolderState, IntentState

pytestmark = pytest.mark.django_db


def test_an_investor_is_registered_and_gets_tokens(chain):
    holder = chain.holder()
    assert holder.state is HolderState.REGISTERED
    suite = chain.suite()
    intent = chain.mint(suite, holder, 7)
    chain.carry_out()
    done = selectors.intents()[0]
    assert (done.id, done.state) == (intent, IntentState.COMPLETED)
    assert chain.units(suite.token, holder.address) == 7
