"""The platform's contracts as other plans need them."""

from collections.abc import Mapping

from django.conf import settings

from apps.chain.client import transactions as node
from apps.chain.models import Contract
from apps.chain.sender.steps import Wait

# The last contract to be deployed: everything that a holder or a token needs is finished before it.
LAST = "Anchor"
NOT_YET = Wait("the platform's contracts")


def site() -> Mapping[str, str] | None:
    """Return name → address of the platform's contracts, None before all of them stand."""
    found = contracts()
    return found if LAST in found else None


def contracts() -> dict[str, str]:
    """Return name → address of what is deployed so far."""
    return dict(Contract.objects.filter(chain_id=settings.CHAIN_ID).values_list("name", "address"))


def is_paused(contract: str) -> bool:
    """Say whether a token's transfers, or settlement, are paused on chain."""
    return bool(node.read(contract, "paused()", returns="bool"))
