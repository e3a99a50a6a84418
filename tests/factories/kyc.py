"""Identity checks for tests: people, their papers, and cases at every step, by the real verbs."""

import io
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

from PIL import Image

from apps.accounts import selectors as accounts
from apps.accounts.types import Role
from apps.common.types import Actor
from apps.kyc import services
from apps.kyc.types import SIDES, Decision, DocumentType
from tests.factories.accounts import AccountFactory

_numbers = count(1)

ANSWERS = {
    "full_name": "Some Body",
    "birth_date": "1990-04-27",
    "birth_place": "Sharjah",
    "birth_country": "AE",
    "nationality": "AE",
    "second_nationality": "",
    "residence": "AE",
    "street": "12 Al Wasl Road",
    "city": "Dubai",
    "region": "",
    "postal_code": "",
    "occupation": "Engineer",
    "source_of_funds": "salary",
    "source_of_funds_details": "",
    "pep": "no",
    "pep_details": "",
    "tax_residence": "AE",
    "tax_number": "",
    "us_person": "no",
    "us_tax_number": "",
    "document_type": "passport",
    "document_issued_on": "2022-01-10",
    "document_expires_on": "2039-01-09",
}


def actor(account):
    """Return somebody as they act."""
    return Actor(kind="user", id=str(account.id))


def answers(**changes):
    """Return valid answers with a document number of their own, changed as said."""
    return ANSWERS | {"document_number": f"P{next(_numbers):07}"} | changes


@cache
def picture(colour="white", size=(60, 40), kind="JPEG"):
    """Return the bytes of a small picture."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def files(document_type="passport"):
    """Return a picture for every side that a document needs."""
    return {side: picture() for side in SIDES[DocumentType(document_type)]}


def reviewer():
    """Open the account of a member of staff who reviews."""
    return AccountFactory(role=Role.STAFF, team_role="kyc_reviewer")


def submitted(account=None, *, at=None, **changes):
    """Hand in a whole application of an account, a new one unless given; return its case."""
    account, at = account or AccountFactory(), at or datetime.now(UTC)
    given = answers(**changes)
    return services.submit_at_once(
        user_id=account.id,
        given=given,
        files=files(given["document_type"]),
        by=actor(account),
        at=at,
    )


def decided(case, *, decision=Decision.APPROVE, by=None, at=None, **arguments):
    """Have a reviewer, a new one unless given, decide a case."""
    arguments = {"kyc_level": 2} | arguments
    if decision is Decision.REJECT:
        arguments = {"rejection_reason": "The picture can't be read."} | arguments
    return services.review(
        application_id=case.id,
        decision=decision,
        by=actor(by or reviewer()),
        at=at or case.submitted_at + timedelta(minutes=5),
        **arguments,
    )


def approved(account=None, *, level=2, country="AE", professional=False, at=None, **changes):
    """Verify an account's identity, a new one's unless given; return the account as it is then.

    `country` is that of residence; other answers are changed by their names (`nationality="US"`).
    """
    account = account or AccountFactory()
    case = submitted(account, at=at, **({"residence": country, "tax_residence": country} | changes))
    decided(case, kyc_level=level, professional_evidence=professional)
    return accounts.account(account.id)
