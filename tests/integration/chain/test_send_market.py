"""Markets opened and paused on a chain: the last wish counts, whatever is under way."""

import pytest

from apps.chain import selectors, services
from apps.chain.client import transactions as node
from apps.chain.models import Contract, Intent, Transaction
from apps.chain.sender import go_round
from apps.chain.signer import signer
from apps.chain.types import Duty, IntentKind, IntentState
from apps.common.clock import now
from apps.common.db import opens_transaction
from apps.common.ids import new_id
from tests.chain import BY, rpc

pytestmark = pytest.mark.django_db

OPEN, CLOSED = True, False
ON, OFF = True, False  # what a node takes has no keyword


@opens_transaction
def ask(token_id, opened, *, change_id=None, by=BY, at):
    return services.request_market(
        token_id=token_id, change_id=change_id or new_id(), open=opened, by=by, at=at
    )


def shows(suite):
    """Return (open for transfers, listed for settlement) as the chain says it."""
    settlement = Contract.objects.get(name="Settlement").address
    paused = node.read(suite.token, "paused()", returns="bool")
    return not paused, node.read(settlement, "isListed(address)", suite.token, returns="bool")


def steps(intent_id):
    return [(step.name, step.duty, step.state) for step in selectors.intent(intent_id).steps]


@pytest.mark.spec("CON-1", "CHN-3", "TOK-5")
def test_a_market_is_opened_paused_and_opened_again(chain):
    suite = chain.suite()
    assert shows(suite) == (False, False)
    first = ask(suite.token_id, OPEN, at=now())
    chain.carry_out()
    assert shows(suite) == (True, True)
    assert steps(first) == [
        ("list", Duty.OWNER, "confirmed"),
        ("unpause", Duty.AGENT, "confirmed"),
    ]
    pause = ask(suite.token_id, CLOSED, at=now())
    chain.carry_out()
    assert shows(suite) == (False, True)
    assert steps(pause) == [("pause", Duty.AGENT, "confirmed")]
    again = ask(suite.token_id, OPEN, at=now())
    chain.carry_out()
    assert shows(suite) == (True, True)
    assert steps(again) == [("unpause", Duty.AGENT, "confirmed")]
    assert selectors.market_of(suite.token_id).id == again
    assert set(Intent.objects.values_list("state", flat=True)) == {"completed"}


def test_the_same_change_is_asked_for_once(chain):
    suite, change = chain.suite(), new_id()
    first = ask(suite.token_id, OPEN, change_id=change, at=now())
    assert ask(suite.token_id, OPEN, change_id=change, at=now()) == first
    chain.carry_out()
    assert ask(suite.token_id, OPEN, change_id=change, at=now()) == first
    assert Intent.objects.filter(kind=IntentKind.MARKET).count() == 1


@pytest.mark.parametrize("last", [True, False])
def test_of_many_wishes_the_last_one_counts(chain, last):
    suite = chain.suite()
    wishes = [ask(suite.token_id, wish, at=now()) for wish in (True, False, not last, last)]
    chain.carry_out()
    assert shows(suite)[0] is last
    assert set(Intent.objects.values_list("state", flat=True)) == {"completed"}
    assert not any(steps(each) for each in wishes[:-1])
    assert selectors.intent(wishes[0]).result.keys() == {"superseded_by"}


@pytest.mark.parametrize("opened", [True, False])
def test_what_is_under_way_doesnt_undo_the_wish_after_it(chain, opened):
    suite = chain.suite()
    ask(suite.token_id, not opened, at=now())
    ask(suite.token_id, opened, at=now())
    chain.carry_out()
    rpc(chain.url, "evm_setAutomine", OFF)
    under_way = ask(suite.token_id, not opened, at=now())
    go_round(signer(), at=now())
    assert [step[2] for step in steps(under_way)] == ["broadcast"]
    last = ask(suite.token_id, opened, at=now())
    go_round(signer(), at=now())
    assert shows(suite)[0] is opened  # the chain shows the wish, and it isn't done
    found = selectors.intent(last)
    assert (found.state, found.waits_for) == (IntentState.QUEUED, "the change of this market before it")
    rpc(chain.url, "evm_setAutomine", ON)
    rpc(chain.url, "evm_mine")
    chain.carry_out()
    assert shows(suite)[0] is opened
    assert selectors.intent(last).state == IntentState.COMPLETED


def test_a_refused_change_waits_no_longer_once_there_is_another(chain):
    suite = chain.suite()
    refused = ask(suite.token_id, CLOSED, at=now())
    Intent.objects.filter(pk=refused).update(next_attempt_at=now().replace(year=2099), error="refused")
    ask(suite.token_id, OPEN, at=now())
    chain.carry_out()
    assert shows(suite) == (True, True)
    assert "superseded_by" in selectors.intent(refused).result


def test_what_the_chain_shows_already_costs_nothing(chain):
    suite = chain.suite()
    ask(suite.token_id, CLOSED, at=now())
    chain.carry_out()
    assert selectors.market_of(suite.token_id).state == IntentState.COMPLETED
    assert not Transaction.objects.filter(intent__kind=IntentKind.MARKET).exists()


def test_nothing_is_asked_of_a_token_without_contracts(chain):
    with pytest.raises(services.SuiteMissing):
        ask(new_id(), OPEN, at=now())


def test_other_tokens_markets_are_their_own(chain):
    one, two = chain.suite(), chain.suite()
    ask(one.token_id, OPEN, at=now())
    ask(two.token_id, CLOSED, at=now())
    chain.carry_out()
    assert (shows(one)[0], shows(two)[0]) == (True, False)
