"""From a draft to contracts on chain (TOK-4). The token stays a draft until its offering starts."""

from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.businesses import selectors as businesses
from apps.chain import selectors as chain
from apps.chain import services as chain_requests
from apps.chain.types import IntentKind, SuiteTerms
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import Conflict
from apps.common.types import Actor
from apps.ledger import selectors as ledger
from apps.ledger import services as ledger_acts
from apps.ledger.types import Asset, AssetType
from apps.outbox import services as outbox
from apps.outbox.types import Message
from apps.tokens import locks, models, postings, selectors
from apps.tokens.services.drafting import SymbolTaken
from apps.tokens.types import DEPLOY_REQUESTED, TOKEN_DEPLOYED, TREASURY, Token

CHAIN = Actor.system("chain")


@opens_transaction
def deploy(*, token_id: UUID, by: Actor, at: datetime) -> Token:
    """Ask the chain for a draft's contracts and freeze its terms (TOK-4). A second call changes nothing.

    Registers the ledger's asset, and opens the accounts where the tokens come from and where the raised
    money waits.

    Raises NotFound, BusinessNotActive, SymbolTaken.
    """
    row = locks.token(token_id)
    token = selectors.as_token(row)
    if row.deploy_requested_at is not None:
        return token
    businesses.require_active(token.business_id)
    _open_books(token)
    intent = chain_requests.request_suite(token_id=token_id, terms=_suite(token), by=by, at=at)
    row.deploy_requested_at = row.updated_at = at
    row.version += 1
    row.save(update_fields=["deploy_requested_at", "updated_at", "version"])
    audit.record(
        action="tokens.deploy_requested",
        target_type="token",
        target_id=str(token_id),
        after={"intent": intent, "symbol": row.symbol, "version": row.version},
        by=by,
        at=at,
    )
    outbox.publish(type=DEPLOY_REQUESTED.name, key=str(token_id), payload={"token_id": str(token_id)}, at=at)
    return selectors.as_token(row)


def _open_books(token: Token) -> None:
    terms = token.terms
    if terms.symbol in {asset.code for asset in ledger.assets()}:
        raise SymbolTaken(
            f"Something in the ledger is called {terms.symbol}.", next_step="Change the draft's symbol."
        )
    asset = Asset(terms.symbol, terms.name, AssetType.TOKEN, terms.decimals)
    ledger_acts.register_assets(assets=[asset])
    ledger_acts.open_accounts(accounts=[postings.issuance(token), postings.escrow(token)])


def _suite(token: Token) -> SuiteTerms:
    terms = token.terms
    return SuiteTerms(
        name=terms.name,
        symbol=terms.symbol,
        decimals=terms.decimals,
        supply_cap=terms.total_supply,
        countries=selectors.countries_numeric(_countries(token)),
    )


def _countries(token: Token) -> set[str]:
    """Return where holders may reside, for the chain; empty: anywhere.

    The platform and the issuer's owner are given their parts at the go-live, wherever they reside. Who may
    buy is judged here, before the chain is asked for anything.
    """
    eligible = set(token.terms.eligible_countries)
    granted = (TREASURY, businesses.owner(token.business_id))
    return eligible and eligible | {selectors.home_of(each, token.business_id) for each in granted}


@needs_transaction
def note_deployed(message: Message) -> None:
    """Store the addresses of a token whose contracts are final on chain."""
    row = _meant(message)
    if row is None or row.deployed_at is not None:
        return
    suite = chain.suite(row.pk)
    if suite is None:
        raise Conflict("The chain says that it deployed a token, and doesn't know its contracts.")
    row.contract_address = suite.token
    row.identity_registry_addr = suite.identity_registry
    row.compliance_addr = suite.compliance
    row.claim_topics_addr = suite.claim_topics
    row.trusted_issuers_addr = suite.trusted_issuers
    row.deploy_tx_hash, row.deploy_gas_used, row.deploy_error = suite.tx_hash, suite.gas_used, ""
    row.deployed_at = row.updated_at = message.now
    row.save(
        update_fields=[
            *("contract_address", "identity_registry_addr", "compliance_addr", "claim_topics_addr"),
            *("trusted_issuers_addr", "deploy_tx_hash", "deploy_gas_used", "deploy_error"),
            *("deployed_at", "updated_at"),
        ]
    )
    audit.record(
        action="tokens.deployed",
        target_type="token",
        target_id=str(row.pk),
        after={"contract_address": row.contract_address, "tx_hash": row.deploy_tx_hash},
        by=CHAIN,
        at=message.now,
    )
    outbox.publish(
        type=TOKEN_DEPLOYED.name,
        key=str(row.pk),
        payload={"token_id": str(row.pk), "business_id": str(row.business_id)},
        at=message.now,
    )


@needs_transaction
def note_deploy_failed(message: Message) -> None:
    """Keep why the chain refused a deployment. It stays asked for, and may be tried again there."""
    row = _meant(message)
    if row is None or row.deployed_at is not None:
        return
    intent = chain.intent_of(IntentKind.SUITE, row.pk)
    row.deploy_error, row.updated_at = (intent.error if intent else "")[:500], message.now
    row.save(update_fields=["deploy_error", "updated_at"])
    audit.record(
        action="tokens.deploy_failed",
        target_type="token",
        target_id=str(row.pk),
        after={"final": message.payload["final"]},
        by=CHAIN,
        at=message.now,
    )


def _meant(message: Message) -> models.Token | None:
    """Lock and return the token that a message is about, None if it is about something else."""
    if message.payload["kind"] != IntentKind.SUITE:
        return None
    return locks.token(UUID(message.payload["subject"]))
