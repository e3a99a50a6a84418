"""What staff choose and type on the pages of the chain."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.chain.types import IntentKind, IntentState

KINDS = {
    IntentKind.PLATFORM: _("Platform contracts"),
    IntentKind.HOLDER: _("Investor"),
    IntentKind.SUITE: _("Token contracts"),
    IntentKind.MINT: _("Mint"),
    IntentKind.MARKET: _("Secondary market"),
    IntentKind.SETTLEMENT: _("Settlement"),
}
STATES = {
    IntentState.QUEUED: _("Queued"),
    IntentState.PROCESSING: _("Processing"),
    IntentState.COMPLETED: _("Completed"),
    IntentState.DEAD: _("Dead letter"),
    IntentState.CANCELLED: _("Cancelled"),
}


def _choices(words: Any, labels: Any) -> list[tuple[str, Any]]:
    return [("", _("All")), *((str(word), labels.get(word, str(word))) for word in words)]


class IntentFilter(forms.Form):
    kind = forms.ChoiceField(label=_("What"), required=False, choices=_choices(IntentKind, KINDS))
    state = forms.ChoiceField(label=_("State"), required=False, choices=_choices(IntentState, STATES))


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Why is it called off?"),
        max_length=200,
        help_text=_("Kept in the audit log. Name no people; the number of a case is best."),
    )
