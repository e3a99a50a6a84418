"""The whole life of a security against the running system, over HTTP and JSON-RPC only.

`./alef.sh walk` prints each step with its time and ends with 0 only if everything agrees: ledger sums are
zero, holders on chain equal holders in the ledger, everything minted has a transaction, and the audit
chain verifies. It can be played again and again on the same data.
"""

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from PIL import Image

from launcher.files import read_json
from launcher.paths import State
from tests.scenarios.people import DEMO_PASSWORD, Chain, NotInTime, Person, Refused, register, until

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "audit" / "verify.py"
CASH = "USD"
PAID_IN = "25000.00"
SHARES = {"first": "1200", "second": "300"}
PRICE = "10.00"


class Wrong(Exception):
    """What the walk found doesn't agree."""


def _new_run() -> str:
    return uuid4().hex[:6].upper()


@dataclass
class Life:
    """Everything that the steps hand on."""

    url: str
    chain: Chain
    run: str = field(default_factory=_new_run)
    people: dict[str, Person] = field(default_factory=dict)
    business: str = ""
    token: dict[str, Any] = field(default_factory=dict)

    def staff(self, email: str) -> Person:
        """Return one of the demo's staff, logged in once."""
        if email not in self.people:
            self.people[email] = Person(self.url, email).log_in(DEMO_PASSWORD)
        return self.people[email]

    @property
    def compliance(self) -> Person:
        return self.staff("compliance@alef.example")

    @property
    def finance(self) -> Person:
        return self.staff("finance@alef.example")

    @property
    def admin(self) -> Person:
        return self.staff("admin@alef.example")

    @property
    def auditor(self) -> Person:
        return self.staff("auditor@alef.example")

    @property
    def investors(self) -> dict[str, Person]:
        return {name: self.people[name] for name in SHARES}


STEPS: list[tuple[str, Callable[[Life], str]]] = []


def step(title: str) -> Callable[[Callable[[Life], str]], Callable[[Life], str]]:
    """Add a step to the walk; what it returns is printed beside it."""

    def add(act: Callable[[Life], str]) -> Callable[[Life], str]:
        STEPS.append((title, act))
        return act

    return add


@step("The venue is ready, and the chain answers")
def ready(life: Life) -> str:
    answer = requests.get(f"{life.url}/readyz", timeout=10)
    if answer.status_code != 200:
        raise Wrong(f"/readyz says {answer.text[:300]}")
    return f"chain {int(life.chain.call('eth_chainId'), 16)}"


@step("An issuer and two investors register and follow the mail's link")
def arrive(life: Life) -> str:
    life.people["issuer"] = register(life.url, name="Layla Rahman", role="issuer", country="AE")
    life.people["first"] = register(life.url, name="Amira Khalil", role="investor", country="AE")
    life.people["second"] = register(life.url, name="Bilal Hamdan", role="investor", country="SA")
    return f"run {life.run}"


@step("They send in their identity documents")
def identify(life: Life) -> str:
    for name in ("issuer", "first", "second"):
        person = life.people[name]
        files = {side: (f"{side}.png", _picture(), "image/png") for side in ("front", "selfie")}
        person.post("kyc", status=201, data=_answers(life, name), files=files)
    return "3 applications"


@step("A reviewer claims and approves each")
def approve(life: Life) -> str:
    mine = {life.people[name].id for name in ("issuer", "first", "second")}
    waiting = [
        case for case in _all(life.compliance, "admin/kyc", status="pending") if case["user_id"] in mine
    ]
    for case in waiting:
        life.compliance.get(f"admin/kyc/{case['id']}", why="review")
        review = {"decision": "approve", "kyc_level": 2, "notes": "Documents read and compared."}
        life.compliance.post(f"admin/kyc/{case['id']}/review", review)
    return f"{len(waiting)} approved"


@step("Each investor gets an address and an identity on chain")
def on_chain(life: Life) -> str:
    found = [
        until(lambda person=person: _address(person), what="the registration on chain")
        for person in life.investors.values()
    ]
    return ", ".join(f"{address[:10]}…" for address in found)


@step("The issuer registers a business, an admin approves it")
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


@step("The issuer drafts a token")
def draft(life: Life) -> str:
    body = {
        "business_id": life.business,
        "kind": "equity",
        "name": f"Walk Foods {life.run} Ordinary",
        "symbol": f"WK{life.run}",
        "decimals": 0,
        "total_supply": "10000",
        "price_per_token": PRICE,
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


@step("Its contracts are deployed")
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


@step("The offering opens")
def open_offering(life: Life) -> str:
    begin = datetime.now(UTC)
    body = {"primary_start": begin.isoformat(), "primary_end": (begin + timedelta(days=30)).isoformat()}
    life.token = life.admin.post(f"admin/tokens/{life.token['id']}/start-offering", body)
    return str(life.token["status"])


@step("The investors pay in, and staff confirm what came to the bank")
def pay_in(life: Life) -> str:
    for person in life.investors.values():
        deposit = person.post("deposits", {"currency": CASH, "amount": PAID_IN}, status=201)
        came = {"amount": PAID_IN, "bank_reference": f"CAMT-{uuid4().hex[:12]}"}
        life.finance.post(f"admin/deposits/{deposit['id']}/confirm", came)
        if _cash(person)["available"] != PAID_IN:
            raise Wrong("a confirmed deposit is not in the balance")
    return f"{PAID_IN} {CASH} each"


@step("They subscribe; a repeated request changes nothing")
def subscribe(life: Life) -> str:
    for name, person in life.investors.items():
        key, body = str(uuid4()), {"quantity": SHARES[name]}
        path = f"tokens/{life.token['id']}/subscribe"
        first = person.post(path, body, status=201, key=key)
        if person.post(path, body, status=201, key=key) != first:
            raise Wrong("a repeated subscription was answered differently")
        if _cash(person)["held"] != _cost(name):
            raise Wrong(f"{_cash(person)['held']} is held for a subscription of {_cost(name)}")
    return ", ".join(SHARES.values())


@step("Finance confirms the payments")
def confirm(life: Life) -> str:
    life.finance.post(f"admin/tokens/{life.token['id']}/confirm-payment", {"allocation_ids": "all"})
    for person in life.investors.values():
        for allocation in _own(life, person):
            person.post(f"allocations/{allocation['id']}/waive-cooling-off", {})
    return "cooling-off waived"


@step("The tokens are minted")
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


@step("Holders on chain equal holders in the ledger")
def compare(life: Life) -> str:
    token = str(life.token["contract_address"])

    def agreed() -> Any:
        register = life.auditor.get(f"admin/tokens/{life.token['id']}/register")
        lines = register["holders"]
        return lines if all(each["ledger_units"] == each["chain_units"] for each in lines) else None

    holders = until(agreed, what="the indexer's agreement")
    for each in holders:
        if life.chain.balance(token, each["address"]) != int(each["ledger_units"]):
            raise Wrong(f"{each['address']} has another balance on chain than in the ledger")
    total = sum(int(each["ledger_units"]) for each in holders)
    if total != life.chain.supply(token) or total != sum(map(int, SHARES.values())):
        raise Wrong(f"the ledger's holders have {total}, the supply is {life.chain.supply(token)}")
    return f"{len(holders)} holders, {total} tokens"


@step("The ledger sums to zero")
def zero(life: Life) -> str:
    sums = life.auditor.get("admin/ledger/sums")
    amounts = [each[name] for each in sums["assets"] for name in ("balances", "postings")]
    if not sums["balanced"] or any(amount.strip("0.") for amount in amounts):
        raise Wrong(f"not zero: {sums}")
    return f"{len(sums['assets'])} assets"


@step("The audit chain verifies")
def audit(life: Life) -> str:
    until(lambda: life.auditor.get("admin/audit/state")["oldest_unsealed"] < 2, what="the sealing")
    lines: list[str] = []
    while part := life.auditor.get("admin/audit/links", first=len(lines) + 1).splitlines():
        lines += part
    findings = list(_verifier().check(lines, {}))
    if findings:
        raise Wrong("; ".join(findings[:3]))
    return f"{len(lines)} links"


def _answers(life: Life, name: str) -> dict[str, str]:
    country = "SA" if name == "second" else "AE"
    return {
        "full_name": f"Walker {life.run}",
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
        "document_number": f"W{life.run}",
        "document_issued_on": "2024-01-10",
        "document_expires_on": (datetime.now(UTC) + timedelta(days=2000)).date().isoformat(),
    }


def _picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (640, 400), "white").save(made, "PNG")
    return made.getvalue()


def _all(person: Person, path: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.get(path, page_size="100", **query)["results"]
    return found


def _address(person: Person) -> str:
    wallet = person.get("wallet/address")
    return str(wallet["address"]) if wallet["status"] == "registered" else ""


def _cash(person: Person) -> dict[str, Any]:
    found: list[dict[str, Any]] = person.get("balances")["results"]
    return next(each for each in found if each["asset"] == CASH)


def _cost(name: str) -> str:
    return f"{int(SHARES[name]) * 10}.00"


def _own(life: Life, person: Person) -> list[dict[str, Any]]:
    return [each for each in _all(person, "allocations") if each["token_id"] == life.token["id"]]


def _verifier() -> Any:
    spec = importlib.util.spec_from_file_location("verify", VERIFIER)
    if spec is None or spec.loader is None:
        raise Wrong(f"{VERIFIER} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def play(url: str, rpc: str) -> None:
    """Play the walk. Raises Wrong, Refused, NotInTime."""
    life = Life(url, Chain(rpc))
    for title, act in STEPS:
        began = time.monotonic()
        said = act(life)
        print(f"  {time.monotonic() - began:6.2f} s  {title}  · {said}", flush=True)


def place(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the addresses of the running system's web and chain. Raises Wrong when nothing runs."""
    ports = read_json(State(Path(environ["STATE"])).ports) if environ.get("STATE") else None
    rpc = environ.get("CHAIN_RPC_URLS", "").partition(",")[0]
    if not isinstance(ports, dict) or "web" not in ports or not rpc:
        raise Wrong("no running system was found; start it with ./alef.sh up, then ./alef.sh walk")
    host = environ.get("HOST") or "127.0.0.1"
    return f"http://{host}:{ports['web']}", rpc


def main() -> int:
    """Play the walk against the running system and return the exit code."""
    began = time.monotonic()
    try:
        play(*place(os.environ))
    except (Wrong, Refused, NotInTime, requests.RequestException) as failure:
        print(f"\n  The walk failed: {failure}", file=sys.stderr)
        return 1
    print(f"\n  All of it agrees. {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
