"""Open a token's transfers and let Settlement trade it, or pause its transfers.

The last change that was asked for a token counts. Changes of one token are carried out one after another: a
transaction of an earlier one that is still under way could undo what the chain shows now.
"""

from uuid import UUID

from apps.chain.client import abi
from apps.chain.client import transactions as node
from apps.chain.models import Intent, Suite
from apps.chain.sender.plans.site import NOT_YET, is_paused, site
from apps.chain.sender.steps import Call, Done, Job, Next, Wait
from apps.chain.states import INTENT_OPEN
from apps.chain.types import Duty, IntentKind, IntentState

LIST, OPEN, CLOSE = "list", "unpause", "pause"
YES = True  # what a contract takes has no keyword


def plan(job: Job) -> Next:
    """Return what the chain doesn't show yet, unless a later change says otherwise."""
    stands = site()
    suite = Suite.objects.filter(pk=UUID(job.arguments["token_id"])).first()
    if stands is None or suite is None:
        return NOT_YET if stands is None else Wait("the token's contracts")
    others = Intent.objects.filter(kind=IntentKind.MARKET, arguments__token_id=job.arguments["token_id"])
    later = others.filter(arguments__number__gt=job.arguments["number"]).exclude(state=IntentState.CANCELLED)
    if newest := later.order_by("-arguments__number").first():
        return Done({"superseded_by": str(newest.subject)})
    if others.filter(arguments__number__lt=job.arguments["number"], state__in=INTENT_OPEN).exists():
        return Wait("the change of this market before it")
    if job.arguments["open"]:
        return _open(job, suite.token, stands["Settlement"])
    if job.done(CLOSE) or is_paused(suite.token):
        return Done({"open": 0})
    return Call(CLOSE, Duty.AGENT, suite.token, abi.call_data("pause()"))


def _open(job: Job, token: str, settlement: str) -> Next:
    if not (job.done(LIST) or node.read(settlement, "isListed(address)", token, returns="bool")):
        return Call(LIST, Duty.OWNER, settlement, abi.call_data("setListed(address,bool)", token, YES))
    if not job.done(OPEN) and is_paused(token):
        return Call(OPEN, Duty.AGENT, token, abi.call_data("unpause()"))
    return Done({"open": 1})
