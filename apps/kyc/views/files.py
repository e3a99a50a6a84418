"""Documents by signed links, and those links (SEC-5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.common.clock import now
from apps.common.http import actor_of, user_id_of
from apps.common.uploads import JPEG, attachment
from apps.kyc import personal_data, selectors
from apps.kyc.forms import DOCUMENTS, SIDES
from apps.kyc.types import Document


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as a page shows it: a link that opens it for this reader, and what was noted."""

    document: Document
    title: str
    url: str
    notes: str
    is_picture: bool


@require_GET
def file(request: HttpRequest, token: str) -> HttpResponse:
    """Return a document; what staff open is recorded."""
    at = now()
    number = selectors.document_of(token, viewer=user_id_of(request), at=at)
    content, kind = personal_data.open_document(number, why="page", by=actor_of(request), at=at)
    return attachment(content, content_type=kind, name=str(number))


def shown(
    request: HttpRequest, documents: Iterable[Document], notes: Mapping[UUID, str] | None = None
) -> list[Shown]:
    """Return documents with links for whoever asks, valid for five minutes."""
    at, who = now(), user_id_of(request)
    return [
        Shown(
            each,
            f"{DOCUMENTS[each.type]}: {SIDES[each.side]}",
            reverse("kyc-file", args=[selectors.document_token(each.id, viewer=who, at=at)]),
            (notes or {}).get(each.id, ""),
            each.content_type == JPEG,
        )
        for each in documents
    ]
