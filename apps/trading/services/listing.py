"""What becomes of a token's market when the token is listed, paused, resumed, matured or delisted.

An instrument's id is its token's. Messages may come late or twice, so each looks at what the token is now.
"""

from uuid import UUID

from apps.common.db import needs_transaction
from apps.common.types import Actor
from apps.outbox.types import Message
from apps.tokens import selectors as tokens
from apps.tokens.types import TokenStatus
from apps.trading import models
from apps.trading.services.opening import open_instrument
from apps.trading.services.venue import BY_PAUSE, cancel_everything, switch
from apps.trading.types import NewInstrument, VenueOp

BY = Actor.system("listing")


@needs_transaction
def note_listed(message: Message) -> None:
    """Open the instrument of a token that came to the market."""
    token = tokens.token(_token_of(message))
    new = NewInstrument(
        id=token.id,
        symbol=token.terms.symbol,
        asset=token.terms.symbol,
        quote=token.terms.raise_currency,
        tick=int(message.payload["tick"]),
        lot=int(message.payload["lot"]),
    )
    open_instrument(new=new, by=BY, at=message.now)


@needs_transaction
def note_paused(message: Message) -> None:
    """Halt the instrument of a token that is paused."""
    if _is(message, TokenStatus.PAUSED):
        switch(VenueOp.HALT, _token_of(message), reason=BY_PAUSE, by=BY, at=message.now)


@needs_transaction
def note_resumed(message: Message) -> None:
    """Resume the instrument of a token that is on the market again, if its pause halted it."""
    if _is(message, TokenStatus.SECONDARY):
        switch(
            VenueOp.RESUME,
            _token_of(message),
            reason="token_resumed",
            by=BY,
            at=message.now,
            lifts=BY_PAUSE,
        )


@needs_transaction
def note_withdrawn(message: Message) -> None:
    """Halt the instrument of a token that was delisted or matured, and cancel all its orders."""
    if _is(message, TokenStatus.DELISTED, TokenStatus.MATURED):
        token_id, reason = _token_of(message), message.type.replace(".", "_")
        switch(VenueOp.HALT, token_id, reason=reason, by=BY, at=message.now)
        cancel_everything(token_id, reason=reason, by=BY, at=message.now)


def _is(message: Message, *wanted: TokenStatus) -> bool:
    """Tell whether the token is what the message says, and has an instrument."""
    token_id = _token_of(message)
    traded = models.Instrument.objects.filter(pk=token_id).exists()
    return traded and tokens.token(token_id).status in wanted


def _token_of(message: Message) -> UUID:
    return UUID(message.payload["token_id"])
