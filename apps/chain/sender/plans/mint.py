"""Mint to a holder's custodial address, once.

A mint carries no id on chain, so only our own transactions tell whether it was done. One is in flight at
most, it keeps its nonce until that is spent, and there is another one only after it is final that the
last one did nothing.
"""

from uuid import UUID

from apps.chain.client import abi
from apps.chain.models import Holder, Suite
from apps.chain.sender.steps import Call, Done, Job, Next, Wait
from apps.chain.types import Duty, HolderState

STEP = "mint"


def plan(job: Job) -> Next:
    """Mint, unless one mint of this intent is final."""
    if minted := job.done(STEP):
        return Done({"tx_hash": minted.tx_hash, "block_number": minted.block_number})
    suite = Suite.objects.filter(pk=UUID(job.arguments["token_id"])).first()
    if suite is None:
        return Wait("the token's contracts")
    holder = Holder.objects.filter(pk=UUID(job.arguments["owner"]), state=HolderState.REGISTERED).first()
    if holder is None:
        return Wait("the investor's registration on chain")
    data = abi.call_data("mint(address,uint256)", holder.address, job.arguments["units"])
    return Call(STEP, Duty.AGENT, suite.token, data)
