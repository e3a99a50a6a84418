"""What must agree at the end: the register, the ledger and the audit."""

import importlib.util
from pathlib import Path
from typing import Any

from tests.scenarios.life import SHARES, SUPPLY, Life, Part, Wrong
from tests.scenarios.people import until

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "audit" / "verify.py"
FOUNDERS = SUPPLY * (25 + 15) // 100  # the team's and the reserve's

STEPS = Part()


@STEPS.step("Holders on chain equal holders in the ledger")
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
    if total != life.chain.supply(token) or total != sum(SHARES.values()) + FOUNDERS:
        raise Wrong(f"the ledger's holders have {total}, the supply is {life.chain.supply(token)}")
    return f"{len(holders)} holders, {total} tokens"


@STEPS.step("The ledger sums to zero")
def zero(life: Life) -> str:
    sums = life.auditor.get("admin/ledger/sums")
    amounts = [each[name] for each in sums["assets"] for name in ("balances", "postings")]
    if not sums["balanced"] or any(amount.strip("0.") for amount in amounts):
        raise Wrong(f"not zero: {sums}")
    return f"{len(sums['assets'])} assets"


@STEPS.step("The audit chain verifies")
def audit(life: Life) -> str:
    until(lambda: life.auditor.get("admin/audit/state")["oldest_unsealed"] < 2, what="the sealing")
    lines: list[str] = []
    while part := life.auditor.get("admin/audit/links", first=len(lines) + 1).splitlines():
        lines += part
    findings = list(_verifier().check(lines, {}))
    if findings:
        raise Wrong("; ".join(findings[:3]))
    return f"{len(lines)} links"


def _verifier() -> Any:
    spec = importlib.util.spec_from_file_location("verify", VERIFIER)
    if spec is None or spec.loader is None:
        raise Wrong(f"{VERIFIER} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
