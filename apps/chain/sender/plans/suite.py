"""Deploy a token with its contracts, in one transaction of the suite's factory."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings

from apps.chain.client import abi
from apps.chain.client import transactions as node
from apps.chain.models import Suite
from apps.chain.sender.plans.holder import KYC
from apps.chain.sender.plans.site import NOT_YET, site
from apps.chain.sender.steps import Call, Done, Finished, Job, Next
from apps.chain.types import Duty

STEP = "deploy the token"
DEPLOY = (
    "deployTREXSuite(string,"
    "(address,string,string,uint8,address,address,address[],address[],address[],bytes[]),"
    "(uint256[],address[],uint256[][]))"
)
DEPLOYED = "TREXSuiteDeployed(address,address,address,address,address,address,string)"
ANY, ONLY_LISTED = 0, 1  # EligibilityModule's country rules


def plan(job: Job) -> Next:
    """Deploy it, unless the factory says that this salt was used; then find its contracts."""
    stands = site()
    if stands is None:
        return NOT_YET
    salt = str(job.subject)
    token = str(node.read(stands["TREXFactory"], "getToken(string)", salt, returns="address"))
    if token == abi.ZERO:
        return Call(STEP, Duty.OWNER, stands["TREXFactory"], _deployment(job, stands, salt))
    found = job.done(STEP) or _on_chain(stands["TREXFactory"], token)
    parts = _parts(token)
    result = parts | {"tx_hash": found.tx_hash, "block_number": found.block_number}
    return Done(result, record=partial(_record, job, parts, found))


def _deployment(job: Job, stands: Mapping[str, str], salt: str) -> bytes:
    """Encode the deployment. Rule i goes to module i, so the module without a rule comes last."""
    terms, who = job.arguments, job.signer.address
    modules = ("EligibilityModule", "SupplyCapModule", "SellOnlyModule")
    details = (
        who(Duty.OWNER),
        terms["name"],
        terms["symbol"],
        terms["decimals"],
        stands["IdentityRegistryStorage"],
        abi.ZERO,
        [who(Duty.REGISTRAR)],
        [stands["Settlement"], who(Duty.AGENT), who(Duty.COURT)],
        [stands[name] for name in modules],
        _rules(terms),
    )
    claims = ([KYC], [stands["ClaimIssuer"]], [[KYC]])
    return abi.call_data(DEPLOY, salt, details, claims)


def _rules(terms: Mapping[str, Any]) -> list[bytes]:
    countries = terms["countries"]
    return [
        abi.call_data("setCountryRule(uint8,uint16[])", ONLY_LISTED if countries else ANY, countries),
        abi.call_data("setSupplyCap(uint256)", terms["supply_cap"]),
    ]


def _parts(token: str) -> dict[str, str | int]:
    identities = _address(token, "identityRegistry()")
    return {
        "token": token,
        "identity_registry": identities,
        "compliance": _address(token, "compliance()"),
        "claim_topics": _address(identities, "topicsRegistry()"),
        "trusted_issuers": _address(identities, "issuersRegistry()"),
    }


def _on_chain(factory: str, token: str) -> Finished:
    """Return the transaction that deployed a token, as far as the node can still say."""
    found = node.receipt_of_event(factory, DEPLOYED, token)
    return (
        Finished(STEP, found.tx_hash, found.block_number, found.gas_used)
        if found
        else Finished(STEP, "", 0, 0)
    )


def _address(of: str, signature: str) -> str:
    return str(node.read(of, signature, returns="address"))


def _record(job: Job, parts: Mapping[str, Any], found: Finished, at: datetime) -> None:
    Suite.objects.get_or_create(
        pk=job.subject,
        defaults={
            **parts,
            "chain_id": settings.CHAIN_ID,
            "tx_hash": found.tx_hash,
            "block_number": found.block_number,
            "gas_used": found.gas_used,
            "deployed_at": at,
        },
    )
