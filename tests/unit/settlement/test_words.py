"""Every word that a settlement ends with is a word for people."""

import json
import re

import pytest
from django.conf import settings
from django.utils import translation

from apps.chain.selectors import requests
from apps.settlement import rules
from apps.settlement.services import batches, endings
from apps.settlement.templatetags.settlement import settlement_words

# What the contract never answers to a trade of ours: the operator calls it, and no cash moves there.
NEVER = {"NotOperator", "NotSelf", "EmptyBatch", "BatchTooLarge", "BatchGasTooLow", "TradeGasOutOfRange",
         "OwnerRequired", "NotListed", "CashMismatch"}  # fmt: skip
SUPPLY = re.compile("supply_cap|period_(not_started|cap)")  # a rule of minting


def errors():
    abi = json.loads((settings.CONTRACTS_DIR / "abi" / "Settlement.json").read_text(encoding="utf-8"))["abi"]
    names = {entry["name"] for entry in abi if entry["type"] == "error"}
    return {
        name
        for name in names
        if not name.startswith(("Ownable", "Reentrancy", "SafeERC20", "EnforcedPause", "ExpectedPause"))
    } - NEVER


def words_of_modules():
    sources = (settings.CONTRACTS_DIR / "src" / "compliance").glob("*.sol")
    found = {word for path in sources for word in re.findall(r'bytes32 .*= "(\w+)"', path.read_text("utf-8"))}
    return {word for word in found if not SUPPLY.match(word)}


def code(said):
    return requests.as_settled(said).code


def test_a_refusal_is_called_as_the_contract_or_its_module_calls_it():
    module = "0x" + "Ab" * 20
    assert code("InsufficientFreeBalance(0x01, 0, 5)") == "insufficient_free_balance"
    assert code(f"ComplianceRefused({module}, country_denied)") == "country_denied"
    assert code(f"ComplianceRefused({module}, 0x{'00' * 32})") == "compliance_refused"
    assert code("the node is on fire") == "refused"


def test_every_word_is_said_for_people():
    known = {code(f"{name}(0)") for name in errors()} | words_of_modules()
    known |= {batches.NO_ADDRESS.code, rules.NOT_REGISTERED, endings.GAVE_UP, "refused"}
    assert {"seller_frozen", "country_denied", "recipient_sell_only", "trade_gas_exhausted"} <= known
    with translation.override("ar"):
        assert not {word for word in known if re.search("[A-Za-z]", str(settlement_words(word)))}


@pytest.mark.parametrize(("word", "said"), [("", ""), ("something_new", "Something new")])
def test_an_unknown_word_is_shown_as_it_is_spelt(word, said):
    assert settlement_words(word) == said
