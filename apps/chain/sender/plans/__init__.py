"""How each kind of intent is carried out. A new kind is one plan function, and its line here.

A plan looks at the chain and at the intent's finished transactions, and answers with the next call, with
what it waits for, or that all is done. It is asked again after each transaction and after any restart, so
it never assumes that something happened, and two of its answers in the same state are the same.
"""

from collections.abc import Mapping

from apps.chain.sender.plans import holder, market, mint, platform, settlement, suite
from apps.chain.sender.steps import Plan
from apps.chain.types import IntentKind

PLANS: Mapping[IntentKind, Plan] = {
    IntentKind.PLATFORM: platform.plan,
    IntentKind.HOLDER: holder.plan,
    IntentKind.SUITE: suite.plan,
    IntentKind.MINT: mint.plan,
    IntentKind.MARKET: market.plan,
    IntentKind.SETTLEMENT: settlement.plan,
}
