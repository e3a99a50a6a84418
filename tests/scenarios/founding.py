"""The walk's first half: from nobody to tokens that are sold and on chain."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import requests
from PIL import Image

from tests.scenarios.life import CASH, PAID_IN, PRICE, SHARES, SUPPLY, Life, Part, Wrong, balance, every
from tests.scenarios.people import Person, register, until

STEPS = Part()


@STEPS.step("The venue is ready, and the chain answers")
def ready(life: Life) -> str:
    answer = requests.get(f"{life.url}/readyz", timeout=10)
    if answer.status_code != 200:
        raise Wrong(f"/readyz says {answer.text[:300]}")
    return f"chain {int(life.chain.call('eth_chainId'), 16)}"


@STEPS.step("An issuer and two investors register and follow the mail's link")
def arrive(life: Life) -> str:
    life.people["issuer"] = register(life.url, name="Layla Rahman", role="issuer", country="AE")
    life.people["first"] = register(life.url, name="Amira Khalil", role="investor", country="AE")
    life.people["second"] = register(life.url, name="Bilal Hamdan", role="investor", country="SA")
    return f"run {life.run}"


@STEPS.step("They send in their identity documents")
def identify(life: Life) -> str:
    for name in ("issuer", "first", "second"):
        apply(life.people[name], run=life.run, country="SA" if name == "second" else "AE")
    return "3 applications"


@STEPS.step("A reviewer claims and approves each")
def approve(life: Life) -> str:
    return (
        f"{accept(life.compliance, *(life.people[name] for name in ('issuer', 'first', 'second')))} approved"
    )


@STEPS.step("Each investor gets an address and an identity on chain")
def on_chain(life: Life) -> str:
    found = [
        until(lambda person=person: address(person), what="the registration on chain")
        for person in life.investors.values()
    ]
    return ", ".join(f"{address[:10]}…" for address in found)


@STEPS.step("The issuer registers a business, an admin approves it")
def business(life: Life) -> str:
    body = {
        "name": f"Walk Foods {life.run}",
        "registration_number": f"WF-{life.run}",
        "country": "AE",
        "industry": "food",
        "platform_allocation_pct": "2.5",
    }
    made = life.people["issuer"].post("businesses", body, status=201)
    life.business = made["id"]
    life.admin.patch(
        f"admin/businesses/{life.business}", {"status": "active", "reason": "", "version": made["version"]}
    )
    return body["name"]


@STEPS.step("The issuer drafts a token")
def draft(life: Life) -> str:
    body = {
        "business_id": life.business,
        "kind": "equity",
        "name": f"Walk Foods {life.run} Ordinary",
        "symbol": f"WK{life.run}",
        "decimals": 0,
        "total_supply": str(SUPPLY),
        "price_per_token": f"{PRICE}.00",
        "raise_currency": CASH,
        "min_investment": "100.00",
        "max_investment": "20000.00",
        "jurisdiction": "AE",
        "eligible_countries": ["AE", "SA"],
        "primary_offering_pct": "60",
        "team_pct": "25",
        "reserve_pct": "15",
    }
    life.token = life.people["issuer"].post("tokens", body, status=201)
    return body["symbol"]


@STEPS.step("Its contracts are deployed")
def deploy(life: Life) -> str:
    life.admin.post(f"admin/tokens/{life.token['id']}/deploy", {}, status=202)

    def deployed() -> Any:
        token = life.admin.get(f"admin/tokens/{life.token['id']}")
        return token if token["contract_address"] else None

    life.token = until(deployed, what="the deployment")
    code = life.chain.call("eth_getCode", life.token["contract_address"], "latest")
    if len(code) < 10:
        raise Wrong("there is no code at the token's address")
    return str(life.token["contract_address"])


@STEPS.step("The offering opens")
def open_offering(life: Life) -> str:
    begin = datetime.now(UTC)
    body = {"primary_start": begin.isoformat(), "primary_end": (begin + timedelta(days=30)).isoformat()}
    life.token = life.admin.post(f"admin/tokens/{life.token['id']}/start-offering", body)
    return str(life.token["status"])


@STEPS.step("The investors pay in, and staff confirm what came to the bank")
def pay_in(life: Life) -> str:
    for person in life.investors.values():
        bring(person, life.finance)
        if balance(person)["available"] != PAID_IN:
            raise Wrong("a confirmed deposit is not in the balance")
    return f"{PAID_IN} {CASH} each"


@STEPS.step("They subscribe; a repeated request changes nothing")
def subscribe(life: Life) -> str:
    for name, person in life.investors.items():
        key, body = str(uuid4()), {"quantity": str(SHARES[name])}
        path = f"tokens/{life.token['id']}/subscribe"
        first = person.post(path, body, status=201, key=key)
        if person.post(path, body, status=201, key=key) != first:
            raise Wrong("a repeated subscription was answered differently")
        if balance(person)["held"] != _cost(name):
            raise Wrong(f"{balance(person)['held']} is held for a subscription of {_cost(name)}")
    return ", ".join(map(str, SHARES.values()))


@STEPS.step("Finance confirms the payments")
def confirm(life: Life) -> str:
    life.finance.post(f"admin/tokens/{life.token['id']}/confirm-payment", {"allocation_ids": "all"})
    for person in life.investors.values():
        for allocation in _own(life, person):
            person.post(f"allocations/{allocation['id']}/waive-cooling-off", {})
    return "cooling-off waived"


@STEPS.step("The tokens are minted")
def minted(life: Life) -> str:
    hashes = []
    for person in life.investors.values():

        def done(person: Person = person) -> Any:
            own = _own(life, person)
            return own if own and all(each["on_chain_status"] == "minted" for each in own) else None

        hashes += [each["on_chain_tx_hash"] for each in until(done, what="the mint")]
    if not all(life.chain.succeeded(tx_hash) for tx_hash in hashes):
        raise Wrong("a mint's transaction did not succeed")
    return ", ".join(f"{tx_hash[:12]}…" for tx_hash in hashes)


def apply(person: Person, *, run: str, country: str) -> None:
    """Send an identity check's answers and documents."""
    files = {side: (f"{side}.png", _picture(), "image/png") for side in ("front", "selfie")}
    person.post("kyc", status=201, data=_answers(run, country), files=files)


def accept(reviewer: Person, *people: Person) -> int:
    """Claim and approve the cases of these people; return how many there were."""
    mine = {person.id for person in people}
    waiting = [case for case in every(reviewer, "admin/kyc", status="pending") if case["user_id"] in mine]
    for case in waiting:
        reviewer.get(f"admin/kyc/{case['id']}", why="review")
        review = {"decision": "approve", "kyc_level": 2, "notes": "Documents read and compared."}
        reviewer.post(f"admin/kyc/{case['id']}/review", review)
    return len(waiting)


def bring(person: Person, finance: Person) -> None:
    """Announce a transfer, and have what came booked."""
    deposit = person.post("deposits", {"currency": CASH, "amount": PAID_IN}, status=201)
    came = {"amount": PAID_IN, "bank_reference": f"CAMT-{uuid4().hex[:12]}"}
    finance.post(f"admin/deposits/{deposit['id']}/confirm", came)


def address(person: Person) -> str:
    """Return the person's address once its identity is registered on chain; empty before that."""
    wallet = person.get("wallet/address")
    return str(wallet["address"]) if wallet["status"] == "registered" else ""


def _answers(run: str, country: str) -> dict[str, str]:
    return {
        "full_name": f"Walker {run}",
        "birth_date": "1988-03-14",
        "birth_place": "Dubai",
        "birth_country": country,
        "nationality": country,
        "residence": country,
        "street": "14 Palm Street",
        "city": "Dubai",
        "occupation": "Engineer",
        "source_of_funds": "salary",
        "pep": "false",
        "tax_residence": country,
        "us_person": "false",
        "document_type": "passport",
        "document_number": f"W{run}",
        "document_issued_on": "2024-01-10",
        "document_expires_on": (datetime.now(UTC) + timedelta(days=2000)).date().isoformat(),
    }


def _picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (640, 400), "white").save(made, "PNG")
    return made.getvalue()


def _cost(name: str) -> str:
    return f"{SHARES[name] * PRICE}.00"


def _own(life: Life, person: Person) -> list[dict[str, Any]]:
    return [each for each in every(person, "allocations") if each["token_id"] == life.token["id"]]
