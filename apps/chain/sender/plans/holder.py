"""Register an investor: custodial address, identity, KYC claim, entry in the storage that all tokens share.

Nothing of it is personal: the salt is an opaque id, and the claim holds a keyed digest of it.
"""

from datetime import datetime
from functools import partial
from uuid import UUID

from apps.chain.client import abi
from apps.chain.client import transactions as node
from apps.chain.models import Holder
from apps.chain.sender import queue
from apps.chain.sender.plans.site import NOT_YET, site
from apps.chain.sender.steps import Call, Done, Job, Next
from apps.chain.types import HOLDER_REGISTERED, Duty, HolderState
from apps.common.crypto import digest
from apps.common.db import needs_transaction
from apps.outbox import services as outbox

KYC = abi.topic("KYC")
ECDSA = 1  # ONCHAINID's scheme of a claim


def plan(job: Job) -> Next:
    """Return the next of: create the identity, add the claim, enter it in the storage."""
    stands = site()
    if stands is None:
        return NOT_YET
    holder = queue.allocate_address(job.subject, job.signer.custody_address)
    wallet = holder.address or ""
    storage = stands["IdentityRegistryStorage"]
    identity = str(node.read(stands["IdFactory"], "getIdentity(address)", wallet, returns="address"))
    if identity == abi.ZERO:
        return _create(job, stands["IdFactory"], wallet)
    if not _has_claim(job, stands["ClaimIssuer"], identity):
        return _claim(job, stands["ClaimIssuer"], identity)
    stored = str(node.read(storage, "storedIdentity(address)", wallet, returns="address"))
    if stored == abi.ZERO:
        data = abi.call_data("addIdentityToStorage(address,address,uint16)", wallet, identity, holder.country)
        return Call("enter the storage", Duty.REGISTRAR, storage, data)
    result = {"address": wallet, "identity": identity}
    return Done(result, record=partial(_register, job.subject, identity))


def _create(job: Job, factory: str, wallet: str) -> Call:
    data = abi.call_data(
        "createIdentityWithManagementKeys(address,string,bytes32[])",
        wallet,
        str(job.subject),
        [abi.key_of(job.signer.address(Duty.REGISTRAR))],
    )
    return Call("create the identity", Duty.REGISTRAR, factory, data)


def _has_claim(job: Job, issuer: str, identity: str) -> bool:
    content, signature = _signed(job, identity)
    claim = abi.hashed(abi.encode(["address", "uint256"], [issuer, KYC]))
    answer = node.call(identity, abi.call_data("getClaim(bytes32)", claim))
    fields = abi.decode(["uint256", "uint256", "address", "bytes", "bytes", "string"], answer)
    return fields[2:5] == (issuer, signature, content)


def _claim(job: Job, issuer: str, identity: str) -> Call:
    content, signature = _signed(job, identity)
    data = abi.call_data(
        "addClaim(uint256,uint256,address,bytes,bytes,string)", KYC, ECDSA, issuer, signature, content, ""
    )
    return Call("add the claim", Duty.REGISTRAR, identity, data)


def _signed(job: Job, identity: str) -> tuple[bytes, bytes]:
    """Return the claim's content and the issuer's signature; both are the same each time."""
    content = bytes.fromhex(digest("kyc_claim", str(job.subject)))
    claimed = abi.encode(["address", "uint256", "bytes"], [identity, KYC, content])
    return content, job.signer.sign_message(Duty.ISSUER, abi.hashed(claimed))


@needs_transaction
def _register(owner: UUID, identity: str, at: datetime) -> None:
    Holder.objects.filter(pk=owner).update(identity=identity, state=HolderState.REGISTERED)
    outbox.publish(type=HOLDER_REGISTERED.name, key=str(owner), payload={"owner": str(owner)}, at=at)
