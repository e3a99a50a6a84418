"""Play the demo's market as far as it hasn't been played: one token is offered, another one is traded.

Needs a running system, whose processes do their part of it. Safe to run again: what exists is left as it is.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any, TypeVar
from uuid import UUID, uuid5

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from PIL import Image, ImageDraw

from apps.accounts.types import KycStatus
from apps.businesses import selectors as of_businesses
from apps.businesses import services as businesses
from apps.businesses.types import BusinessStatus
from apps.common.clock import now
from apps.common.errors import NotFound
from apps.common.types import Actor
from apps.kyc import selectors as of_kyc
from apps.kyc import services as kyc
from apps.kyc.types import Decision, Side
from apps.portals.management import secondary
from apps.portals.management.cast import CAST, NAMESPACE, Cast
from apps.tokens import selectors as of_tokens
from apps.tokens import services as tokens
from apps.tokens.types import AllocationStatus, OnChainStatus, Terms, Token, TokenStatus
from apps.wallets import selectors as of_wallets
from apps.wallets import services as wallets
from apps.wallets.types import DepositState

T = TypeVar("T")
PATIENCE = 120.0  # seconds for the chain
PEOPLE = {person.email.partition("@")[0]: person for person in CAST}
FALCON, MARSA, OASIS = (uuid5(NAMESPACE, f"business {name}") for name in ("falcon foods", "marsa", "oasis"))
FLCN, OASW = uuid5(NAMESPACE, "token flcn"), uuid5(NAMESPACE, "token oasw")
COMPANIES = (
    (FALCON, "Falcon Foods PJSC", "layla", "food", "CN-1023344"),
    (OASIS, "Oasis Water PJSC", "layla", "water", "CN-1187020"),
    (MARSA, "Marsa Logistics LLC", "karim", "transport", "CN-2207715"),  # waits for its approval
)
OFFERED = Terms(
    name="Falcon Foods Ordinary Shares",
    symbol="FLCN",
    total_supply=1_000_000,
    price_per_token=2_50,
    raise_currency="USD",
    jurisdiction="AE",
    primary_bps=60_00,
    team_bps=25_00,
    reserve_bps=15_00,
    min_investment=100_00,
    max_investment=100_000_00,
    eligible_countries=("AE", "SA", "KW", "QA", "BH", "OM"),
)
TRADED = replace(
    OFFERED,
    name="Oasis Water Ordinary Shares",
    symbol="OASW",
    total_supply=100_000,
    price_per_token=12_00,
    max_investment=60_000_00,
)
DEPOSITS = {
    "noor": 60_000_00,
    "omar": 50_000_00,
    "sara": 90_000_00,
    "faisal": 80_000_00,
    "maha": 80_000_00,
}
SUBSCRIPTIONS = {
    FLCN: {"noor": 4_000, "omar": 2_000},
    OASW: {"noor": 1_500, "omar": 1_200, "sara": 2_500, "faisal": 2_000, "maha": 2_000},
}


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Play what is missing, in order."""
        if not settings.DEVELOPMENT:
            raise CommandError("The demo's passwords are public: this command runs in development only.")
        for name in (*DEPOSITS, "layla", "karim"):
            _identify(PEOPLE[name])
        _hand_in(PEOPLE["huda"])
        _register_businesses()
        _pay_in()
        for token_id, terms in ((FLCN, OFFERED), (OASW, TRADED)):
            _offer(_until(partial(_deployed, token_id), f"{terms.symbol} is on chain"))
            _subscribe(token_id)
        _leave_one_waiting()
        for token_id in SUBSCRIPTIONS:
            _until(partial(_minted, token_id), "the demo's tokens are minted")
        secondary.go_public(OASW, by=_by("agent"))
        _until(partial(secondary.is_open, OASW), "the demo's market is open")
        secondary.begin(OASW)
        print("the demo's market is there")


def _by(name: str) -> Actor:
    return Actor(kind="user", id=str(PEOPLE[name].id))


def _identify(person: Cast) -> None:
    """Have somebody's identity checked and approved."""
    if of_kyc.state_of(person.id).kyc_status is KycStatus.APPROVED:
        return
    case = _hand_in(person)
    kyc.claim(application_id=case, by=_by("compliance"), at=now())
    kyc.review(application_id=case, decision=Decision.APPROVE, kyc_level=2, by=_by("compliance"), at=now())


def _hand_in(person: Cast) -> UUID:
    """Hand in somebody's application; return the open one's id."""
    own = of_kyc.own_case(person.id, at=now())
    if own is not None:
        return own.case.id
    case = kyc.submit_at_once(
        user_id=person.id,
        given=_answers(person),
        files={Side.FRONT: _picture("Passport"), Side.SELFIE: _picture("Selfie")},
        by=Actor(kind="user", id=str(person.id)),
        at=now(),
    )
    return case.id


def _answers(person: Cast) -> dict[str, str]:
    return {
        "full_name": person.name,
        "birth_date": "1988-03-14",
        "birth_place": "Riyadh" if person.country == "SA" else "Dubai",
        "birth_country": person.country,
        "nationality": person.country,
        "residence": person.country,
        "street": "14 Palm Street",
        "city": "Riyadh" if person.country == "SA" else "Dubai",
        "occupation": "Engineer",
        "source_of_funds": "salary",
        "pep": "no",
        "tax_residence": person.country,
        "us_person": "no",
        "document_type": "passport",
        "document_number": f"P{person.id.int % 10_000_000:07}",
        "document_issued_on": (now() - timedelta(days=700)).date().isoformat(),
        "document_expires_on": (now() + timedelta(days=2800)).date().isoformat(),
    }


def _picture(title: str) -> bytes:
    drawn, out = Image.new("RGB", (900, 600), "#e8eef5"), BytesIO()
    ImageDraw.Draw(drawn).text((60, 60), f"{title} of the demo", fill="#31445c", font_size=48)
    drawn.save(out, "PNG")
    return out.getvalue()


def _register_businesses() -> None:
    """Register the businesses, approve all but the last, and draft their tokens."""
    for number, name, by, industry, register in COMPANIES:
        if _found(of_businesses.business, number) is None:
            businesses.register(
                business_id=number,
                user_id=PEOPLE[by].id,
                name=name,
                registration_number=register,
                country="AE",
                industry=industry,
                platform_allocation_bps=2_50,
                by=_by(by),
                at=now(),
            )
    for number, *_ in COMPANIES[:-1]:
        business = of_businesses.business(number)
        if business.status is BusinessStatus.PENDING:
            businesses.decide(
                business_id=number,
                status=BusinessStatus.ACTIVE,
                reason="Register extract compared.",
                version=business.version,
                by=_by("admin"),
                at=now(),
            )
    for token_id, business_id, terms in ((FLCN, FALCON, OFFERED), (OASW, OASIS, TRADED)):
        if _found(of_tokens.token, token_id) is None:
            tokens.create_token(
                token_id=token_id,
                business_id=business_id,
                terms=terms,
                user_id=PEOPLE["layla"].id,
                by=_by("layla"),
                at=now(),
            )


def _pay_in() -> None:
    """Bring in the investors' money, and leave one transfer waiting."""
    for name, amount in DEPOSITS.items():
        number = uuid5(NAMESPACE, f"deposit {name}")
        _announce(number, name, amount)
        if of_wallets.deposit(number).state is DepositState.REQUESTED:
            wallets.confirm_deposit(
                deposit_id=number,
                amount=amount,
                bank_reference=f"DEMO-{name.upper()}-1",
                by=_by("finance"),
                at=now(),
            )
    _announce(uuid5(NAMESPACE, "deposit omar waiting"), "omar", 7_500_00)


def _announce(number: UUID, name: str, amount: int) -> None:
    if _found(of_wallets.deposit, number) is None:
        wallets.request_deposit(
            deposit_id=number, owner=PEOPLE[name].id, currency="USD", amount=amount, by=_by(name), at=now()
        )


def _deployed(token_id: UUID) -> Token | None:
    """Ask for a token's contracts; return the token once they are on chain."""
    token = of_tokens.token(token_id)
    if token.deploy_requested_at is None:
        token = tokens.deploy(token_id=token_id, by=_by("admin"), at=now())
    return token if token.contracts.contract_address else None


def _offer(token: Token) -> None:
    if token.status is TokenStatus.DRAFT:
        begin = now()
        end = begin + timedelta(days=30)
        tokens.start_offering(
            token_id=token.id, primary_start=begin, primary_end=end, by=_by("agent"), at=begin
        )


def _subscribe(token_id: UUID) -> None:
    """Have the investors subscribe, and confirm what they paid."""
    if not of_tokens.token(token_id).is_open(now()):
        return
    symbol = of_tokens.token(token_id).terms.symbol
    wanted = {
        uuid5(NAMESPACE, f"subscription {symbol} {name}"): (name, units)
        for name, units in SUBSCRIPTIONS[token_id].items()
    }
    for number, (name, units) in wanted.items():
        _subscribe_once(number, token_id, name, units)
    paid = [n for n in wanted if of_tokens.allocation(n).status is AllocationStatus.PENDING_PAYMENT]
    if paid:
        tokens.confirm_payment(token_id=token_id, allocation_ids=paid, by=_by("finance"), at=now())
    for number, (name, _) in wanted.items():
        if of_tokens.allocation(number).can_waive(now()):
            tokens.waive_cooling_off(
                allocation_id=number, investor_id=PEOPLE[name].id, by=_by(name), at=now()
            )


def _leave_one_waiting() -> None:
    """Leave one subscription for whoever looks at the queue."""
    if of_tokens.token(FLCN).is_open(now()):
        _subscribe_once(uuid5(NAMESPACE, "subscription noor waiting"), FLCN, "noor", 400)


def _subscribe_once(number: UUID, token_id: UUID, name: str, quantity: int) -> None:
    if _found(of_tokens.allocation, number) is None:
        tokens.subscribe(
            allocation_id=number,
            token_id=token_id,
            investor_id=PEOPLE[name].id,
            quantity=quantity,
            by=_by(name),
            at=now(),
        )


def _minted(token_id: UUID) -> bool:
    """Tell whether all that was confirmed of a token is on chain."""
    found = of_tokens.allocations(token_id=token_id, status=AllocationStatus.CONFIRMED)
    return all(each.on_chain_status is OnChainStatus.MINTED for each in found)


def _found(look: Callable[[UUID], T], number: UUID) -> T | None:
    try:
        return look(number)
    except NotFound:
        return None


def _until(look: Callable[[], T | None], what: str) -> T:
    """Wait for what the venue's processes do. Raises CommandError when they don't."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        if time.monotonic() > end:
            raise CommandError(f"after {PATIENCE:.0f} s it isn't so that {what}")
        time.sleep(0.2)
    return found
