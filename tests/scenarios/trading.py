"""The walk's second half: the market opens, the investors trade, and every trade reaches the chain.

The first investor sells, the second buys; all amounts can be checked by hand.
"""

from typing import Any
from uuid import uuid4

from tests.scenarios.life import CASH, PRICE, SHARES, SUPPLY, Life, Part, Wrong, balance, every
from tests.scenarios.people import Listener, Person, until

RAISED = sum(SHARES.values()) * PRICE
OFFERED, BOUGHT, ASKED = 100, 40, "10.50"
PAID, FEE = "420.00", "1.05"  # 40 × 10.50, and 25 basis points of it from the seller

STEPS = Part()


@STEPS.step("An admin opens the market; the issuer is paid, the founders' shares are minted")
def go_public(life: Life) -> str:
    token = life.admin.post(f"admin/tokens/{life.token['id']}/enable-secondary", {"tick": "0.05"})
    if (token["status"], token["trading_mode"]) != ("secondary", "full_orderbook"):
        raise Wrong(f"the token is {token['status']}, {token['trading_mode']}")
    paid = (token["success_fee"], token["paid_out"])
    if paid != (f"{RAISED * 2 // 100}.00", f"{RAISED * 98 // 100}.00"):
        raise Wrong(f"of {RAISED} the platform and the issuer got {paid}, not 2 % and the rest")
    minted = SUPPLY * (25 + 15) // 100 + sum(SHARES.values())
    until(lambda: life.chain.supply(token["contract_address"]) == minted, what="the founders' mint")
    market = until(lambda: _instrument(life), what="the instrument")
    if market["state"] != "continuous":
        raise Wrong(f"the market is {market['state']}")
    return f"{paid[1]} {CASH} to the issuer, {minted} tokens on chain"


@STEPS.step("The buyer listens to the market and to their own orders")
def listen(life: Life) -> str:
    listener = Listener(life.url)
    life.listener = listener
    listener.say(op="auth", token=life.people["second"].token)
    listener.until(type="authenticated")
    for channel in ("book", "trades"):
        listener.say(op="subscribe", channel=channel, instrument=life.token["id"])
    listener.say(op="subscribe", channel="orders")
    book = listener.until(type="snapshot", channel="book")
    if book["bids"] or book["asks"]:
        raise Wrong("a new market's book isn't empty")
    listener.until(type="subscribed", channel="orders")
    return "snapshot, then deltas"


@STEPS.step("The first investor offers shares; the book shows them to the other")
def offer(life: Life) -> str:
    seller = life.people["first"]
    order = _place(life, seller, side="sell", quantity=OFFERED, price=ASKED)
    if (order["status"], order["filled_quantity"]) != ("open", "0"):
        raise Wrong(f"the order is {order['status']}")
    delta = _listener(life).until(type="delta", channel="book")
    if delta["asks"] != [[ASKED, str(OFFERED)]]:
        raise Wrong(f"the book shows {delta['asks']}")
    if balance(seller, life.token["symbol"])["held"] != str(OFFERED):
        raise Wrong("the offered shares are not held")
    return f"{OFFERED} at {ASKED}"


@STEPS.step("The second one buys; a resent order is the same order")
def buy(life: Life) -> str:
    buyer, before = life.people["second"], _cents(balance(life.people["second"])["available"])
    name = str(uuid4())
    first = _place(life, buyer, side="buy", quantity=BOUGHT, price=ASKED, name=name)
    again = _place(life, buyer, side="buy", quantity=BOUGHT, price=ASKED, name=name)
    if first != again or first["status"] != "filled":
        raise Wrong(f"the order is {first['order']['status']}; the repeat said {again['order']['status']}")
    if (len(first["trades"]), first["trades"][0]["quantity"]) != (1, str(BOUGHT)):
        raise Wrong(f"it traded {first['trades']}")
    paid = before - _cents(balance(buyer)["available"])
    if paid != _cents(PAID):
        raise Wrong(f"the buyer paid {paid} cents for {BOUGHT} at {ASKED}")
    return f"{BOUGHT} at {ASKED} is {PAID} {CASH}"


@STEPS.step("The buyer's WebSocket saw the fill, the tape and the book")
def heard(life: Life) -> str:
    listener = _listener(life)
    fill = listener.until(type="fill", channel="orders")["fill"]
    told = (fill["side"], fill["price"], fill["quantity"], fill["liquidity"])
    if told != ("buy", ASKED, str(BOUGHT), "taker"):
        raise Wrong(f"the fill says {told}")
    tape = listener.until(type="trades", channel="trades")["trades"]
    if [each["id"] for each in tape] != [fill["trade_id"]]:
        raise Wrong("the tape shows another trade than the fill")
    book = listener.until(type="delta", channel="book", asks=[[ASKED, str(OFFERED - BOUGHT)]])
    return f"trade {fill['trade_id'][:8]}… at number {book['sequence']}"


@STEPS.step("The seller pays the fee; a market order, a partial fill and a cancel follow")
def more(life: Life) -> str:
    seller, buyer = life.people["first"], life.people["second"]
    paid = until(lambda: _fees(seller), what="the fee's line in the wallet")
    if paid != [FEE]:
        raise Wrong(f"the seller paid {paid}, not {FEE}")
    bid = _place(life, buyer, side="buy", quantity=25, price="9.95")
    sold = _place(life, seller, side="sell", quantity=10, order_type="market", time_in_force="IOC")
    if (sold["status"], sold["trades"][0]["price"]) != ("filled", "9.95"):
        raise Wrong(f"the market order is {sold['order']['status']}")
    rest = buyer.get(f"orders/{bid['id']}")
    if (rest["status"], rest["filled_quantity"]) != ("partially_filled", "10"):
        raise Wrong(f"the bid is {rest['status']} with {rest['filled_quantity']}")
    ended = buyer.post(f"orders/{bid['id']}/cancel")
    if ended["status"] != "cancelled":
        raise Wrong(f"the bid is {ended['status']}")
    seller.post("orders/cancel-all", {"instrument": life.token["id"]})
    held = [balance(person, asset)["held"] for person, asset in _holdings(life)]
    if any(amount.strip("0.") for amount in held):
        raise Wrong(f"after all orders ended {held} are held")
    return "nothing is held"


@STEPS.step("Every trade is settled on chain")
def settled(life: Life) -> str:
    def final() -> Any:
        trades = _trades(life)
        return trades if all(each["settlement_status"] == "settled" for each in trades) else None

    trades = until(final, what="the settlement of every trade")
    hashes = {each["tx_hash"] for each in trades}
    if len(trades) != 2 or not all(life.chain.succeeded(tx_hash) for tx_hash in hashes):
        raise Wrong(f"{len(trades)} trades with the transactions {hashes}")
    for person, asset in _holdings(life):
        found = balance(person, asset)
        if found["withdrawable"] != found["available"]:
            raise Wrong(f"{asset}: {found['withdrawable']} of {found['available']} can be withdrawn")
    return ", ".join(f"{tx_hash[:12]}…" for tx_hash in sorted(hashes))


def _instrument(life: Life) -> Any:
    found = life.people["first"].get("instruments")["results"]
    return next((each for each in found if each["id"] == life.token["id"]), None)


def _place(
    life: Life, person: Person, *, side: str, quantity: int, price: str = "", name: str = "", **more: str
) -> Any:
    body = {
        "instrument": life.token["id"],
        "client_order_id": name or str(uuid4()),
        "side": side,
        "order_type": "limit",
        "quantity": str(quantity),
        **({"price": price} if price else {}),
        **more,
    }
    return person.post("orders", body, status=201)


def _fees(person: Person) -> list[str]:
    return [each["amount"] for each in every(person, "wallet-transactions") if each["type"] == "fee"]


def _trades(life: Life) -> list[dict[str, Any]]:
    return every(life.people["second"], "trades", instrument=life.token["id"])


def _holdings(life: Life) -> list[tuple[Person, str]]:
    assets = (CASH, str(life.token["symbol"]))
    return [(person, asset) for person in life.investors.values() for asset in assets]


def _listener(life: Life) -> Listener:
    if life.listener is None:
        raise Wrong("nobody listens")
    return life.listener


def _cents(amount: str) -> int:
    return int(amount.replace(".", ""))
