"""A market whose token really stands on a chain: people with money, tokens and addresses, and trades.

venue = Venue(chain)                              # from the fixture `chain`, with transaction=True
noor, sami = venue.join(tokens=100), venue.join(cash=10_000)
trade_id = venue.trade(noor, sami, 10, 90)        # noor sells 10 to sami at 0.90 USD each
venue.settle()                                    # messages and the chain, until nothing is under way
venue.agree()                                     # what the ledger says is what the chain says
"""

from apps.chain import services as requests
from apps.chain.client import abi
from apps.chain.signer import signer
from apps.chain.types import Duty
from apps.common.clock import now
from apps.common.ids import new_id
from apps.settlement.models import Batch
from apps.trading import models as trading
from apps.trading.types import Side
from tests.factories import ledger as bank
from tests.factories.trading import BY, Bench, Market, sound
from tests.relay import deliver_all

YES, NO = True, False  # what a contract takes has no keyword


class Venue:
    """A market with its token's contracts, open for transfers unless `closed`."""

    def __init__(self, chain, *, closed=False, **terms):
        self.chain = chain
        self.market = Market(**terms)
        self.instrument = self.market.instrument
        self.suite = chain.suite(self.instrument.id)
        self.bench = Bench(self.market)
        self.addresses = {}
        if not closed:
            self.open()

    def act(self, duty, to, signature, *arguments):
        """Send a transaction of one of our keys past the sender, as another system would."""
        sender = signer().address(duty)
        self.chain.rpc("anvil_impersonateAccount", sender)
        data = "0x" + abi.call_data(signature, *arguments).hex()
        sent = {"from": sender, "to": to, "data": data, "gas": hex(10_000_000)}
        tx_hash = self.chain.rpc("eth_sendTransaction", sent)
        self.chain.rpc("anvil_stopImpersonatingAccount", sender)
        if self.chain.rpc("anvil_getAutomine"):
            receipt = None
            while receipt is None:
                receipt = self.chain.rpc("eth_getTransactionReceipt", tx_hash)
            assert int(receipt["status"], 16) == 1, f"{signature} was refused"
        return tx_hash

    def open(self):
        """Open the token's transfers, as the secondary market does."""
        asked = {"token_id": self.instrument.id, "change_id": new_id(), "open": True}
        bank.act(requests.request_market, **asked, by=BY, at=now())
        self.chain.carry_out()

    def freeze(self, number, on=YES):
        """Freeze somebody's tokens on chain, or no longer."""
        self.act(Duty.AGENT, self.suite.token, "setAddressFrozen(address,bool)", self.addresses[number], on)

    def join(self, *, cash=0, tokens=0, on_chain=None):
        """Let somebody in; `on_chain` says how many of their tokens are there, unless it is all of them."""
        number = self.market.join(cash=cash, tokens=tokens)
        holder = self.chain.holder(self.market.owners[number])
        self.addresses[number] = holder.address
        if units := tokens if on_chain is None else on_chain:
            self.chain.mint(self.suite, holder, units)
            self.chain.carry_out()
        return number

    def trade(self, seller, buyer, quantity, price=100):
        """Have two people trade with each other; return the trade's id."""
        _, bought = self.bench.do(
            self.market.new(seller, Side.SELL, quantity, price),
            self.market.new(buyer, Side.BUY, quantity, price),
        )
        assert len(bought.fills) == 1, bought
        return bought.fills[0].trade_id

    def settle(self, rounds=20):
        """Deliver messages and carry out what was asked, until no batch is under way."""
        deliver_all()
        for _ in range(rounds):
            if not Batch.objects.filter(state="under_way").exists():
                return
            self.chain.carry_out()
            deliver_all()
        raise AssertionError("a batch is still under way")

    def due(self):
        """Let every pause be over."""
        trading.Trade.objects.filter(settle_after__isnull=False).update(settle_after=now())

    def status(self, trade_id):
        return trading.Trade.objects.get(pk=trade_id).settlement_status

    def on_chain(self, number):
        return self.chain.units(self.suite.token, self.addresses[number])

    def agree(self):
        """Say that everybody has on chain what they have in the ledger."""
        found = {number: self.on_chain(number) for number in self.addresses}
        assert found == {
            number: sum(self.market.balance(number, self.market.token)) for number in self.addresses
        }
        sound(self.market)
