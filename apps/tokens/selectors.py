"""What others may know of tokens and allocations."""

from collections.abc import Mapping
from uuid import UUID

from apps.chain.types import Intent
from apps.tokens.types import Allocation, Progress, RegisterLine, StatusChange, Token

MAX_PAGE = 200


def token(token_id: UUID) -> Token:
    """Return a token, whoever asks: for staff and for other apps. Raises NotFound."""
    raise NotImplementedError


def visible_token(token_id: UUID, *, viewer: UUID | None) -> Token:
    """Return a token that is public, or that the viewer's business drafts. Raises NotFound."""
    raise NotImplementedError


def public_tokens(*, limit: int = MAX_PAGE) -> list[Token]:
    """Return what everybody may see, the newest offering first."""
    raise NotImplementedError


def tokens_of(business_id: UUID) -> list[Token]:
    """Return all tokens of a business, newest first. The caller checks who may see drafts."""
    raise NotImplementedError


def tokens(*, status: str = "", search: str = "", limit: int = MAX_PAGE) -> list[Token]:
    """Return the newest tokens that match, for staff; `search` finds in name, symbol and ISIN."""
    raise NotImplementedError


def history(token_id: UUID) -> list[StatusChange]:
    """Return a token's changes of status, oldest first."""
    raise NotImplementedError


def deployment(token_id: UUID) -> Intent | None:
    """Return what was asked of the chain for this token, with its steps; None before that."""
    raise NotImplementedError


def progress(token_id: UUID) -> Progress:
    """Return how far an offering is (OFR-5)."""
    raise NotImplementedError


def allocation(allocation_id: UUID) -> Allocation:
    """Return an allocation, whoever asks: for staff and for other apps. Raises NotFound."""
    raise NotImplementedError


def own_allocation(allocation_id: UUID, *, investor_id: UUID) -> Allocation:
    """Return one's own allocation. Raises NotFound, also for somebody else's."""
    raise NotImplementedError


def allocations_of(investor_id: UUID, *, token_id: UUID | None = None) -> list[Allocation]:
    """Return an investor's allocations, newest first."""
    raise NotImplementedError


def allocations(
    token_id: UUID, *, status: str = "", on_chain_status: str = "", limit: int = MAX_PAGE
) -> list[Allocation]:
    """Return a token's allocations that match, oldest first, for staff."""
    raise NotImplementedError


def invested(token_id: UUID, *, investor_id: UUID) -> int:
    """Return what an investor's pending and confirmed allocations of a token cost, in money."""
    raise NotImplementedError


def register(token_id: UUID) -> list[RegisterLine]:
    """Return the holders with what the ledger and the chain say of each, the largest first (TOK-7)."""
    raise NotImplementedError


def symbols(token_ids: list[UUID]) -> Mapping[UUID, str]:
    """Return symbols by token; unknown ones are left out."""
    raise NotImplementedError
