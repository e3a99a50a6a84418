"""What investors and issuers see first, and their money."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts import selectors as accounts
from apps.accounts.types import Permission, Role
from apps.audit import selectors as audit
from apps.common.clock import now
from apps.common.http import user_id_of
from apps.ledger import selectors as ledger
from apps.outbox import selectors as outbox
from apps.portals import selectors
from apps.trading import selectors as trading
from apps.wallets import selectors as wallets

TRANSACTIONS = 100


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the dashboard of this user's role."""
    if getattr(request.user, "role", "") in {Role.ADMIN, Role.STAFF}:
        held = frozenset(each for each in Permission if request.user.has_perm(each))
        context = {"has_queues": selectors.has_queues(request.user)} | _desk(held)
        return render(request, "portals/staff_home.html", context)
    account = accounts.account(user_id_of(request))
    steps = selectors.next_steps(account)
    balances = ledger.balances_of(str(account.id))
    holdings = selectors.holdings(balances, at=now())
    shown = {holding.balance.account for holding in holdings}
    context = {
        "balances": [balance for balance in balances if balance.account not in shown],
        "holdings": holdings,
        "open_orders": trading.count_live(account.id) if holdings else 0,
        "issued": selectors.issued_by(account),
        "steps": steps,
        "steps_left": any(step.state != "done" for step in steps),
    }
    return render(request, "portals/home.html", {"account": account} | context)


@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """Show balances and what moved them."""
    owner = str(request.user.pk)
    transactions = ledger.transactions_of(owner, limit=TRANSACTIONS)
    mine = UUID(owner)
    links = wallets.links(mine, transactions)
    context = {
        "balances": ledger.balances_of(owner),
        "transactions": [(line, links.get(line.id)) for line in transactions],
        "limit": TRANSACTIONS,
        "waiting": wallets.open_requests(mine),
        "holder": wallets.custody(mine),
    }
    return render(request, "portals/wallet.html", context)


def _desk(held: frozenset[Permission]) -> dict[str, object]:
    """Return the tiles that a member of staff with these permissions may see."""
    desk: dict[str, object] = {"held": sorted(held)}
    if Permission.AUDIT_VIEW in held:
        desk["sealed"], desk["unsealed"] = audit.sealed_and_waiting()
        desk["assets"] = len(ledger.assets())
    if Permission.SETTLEMENT_RETRY in held:
        desk["dead"] = outbox.count_dead()
    return desk
