"""People who may trade over the API: with a log-in, an approved identity check, money and tokens."""

from uuid import UUID

from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.types import Accreditation, Fatca, KycStatus, Role, Standing
from apps.common.clock import now
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.parameters import selectors as parameters
from apps.parameters import services as parameter_verbs
from apps.parameters.types import declared
from apps.trading.types import Instrument
from bench.market import CASH, TOKENS, funded

BY = Actor.system("bench")
ROOMY = ("trading.open_orders", "compliance.investment_limit_institutional")


def make_room() -> None:
    """Raise what one person may have open and invest as far as it goes; everything is still checked."""
    for name in ROOMY:
        before, most = parameters.setting(name), declared()[name].maximum
        parameter_verbs.change(
            name=name, value=most, version=before.version, reason="benchmark", by=BY, at=now()
        )


def traders(instrument: Instrument, count: int) -> list[str]:
    """Open accounts of investors who may trade, and return an access token of each."""
    ids = [new_id() for _ in range(count)]
    for number, user_id in enumerate(ids):
        _open(user_id, number)
    funded(instrument, ids, cash=CASH, tokens=TOKENS)
    return [accounts.issue_tokens(user_id=user_id, by=BY, at=now()).access for user_id in ids]


def _open(user_id: UUID, number: int) -> None:
    accounts.open_account(
        user_id=user_id,
        email=f"bench{number}@example.com",
        password=new_id().hex,
        full_name="Bench Trader",
        role=Role.INVESTOR,
        country="AE",
        by=BY,
        at=now(),
    )
    standing = Standing(KycStatus.APPROVED, 2, Accreditation.INSTITUTIONAL, Fatca.CLEAR, "AE")
    with transaction.atomic():
        accounts.set_standing(user_id=user_id, standing=standing, at=now())
