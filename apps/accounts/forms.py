"""What people type into the pages of accounts. The verbs check; forms only give it a shape."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from apps.accounts.types import Permission, Role, Status

ROLES = {
    Role.INVESTOR: _("Investor"),
    Role.ISSUER: _("Issuer"),
    Role.ADMIN: _("Admin"),
    Role.STAFF: _("Staff"),
}
STATUSES = {
    Status.PENDING: _("Pending"),
    Status.ACTIVE: _("Active"),
    Status.SUSPENDED: _("Suspended"),
    Status.CLOSED: _("Closed"),
}

# Django's rule of passwords says this; its own Arabic catalogue lacks it, so ours is to have it.
ngettext_lazy(
    "This password is too short. It must contain at least %d character.",
    "This password is too short. It must contain at least %d characters.",
)


class RegisterForm(forms.Form):
    role = forms.ChoiceField(
        label=_("I want to"),
        choices=[(Role.INVESTOR, _("Invest")), (Role.ISSUER, _("Raise capital for a company"))],
        widget=forms.RadioSelect,
        initial=Role.INVESTOR,
    )
    full_name = forms.CharField(
        label=_("Full name"), max_length=200, widget=forms.TextInput({"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "email", "dir": "ltr"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        help_text=_("At least 12 characters. A sentence is easier to remember than a riddle."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


class LoginForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "username", "dir": "ltr"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class VerifyForm(forms.Form):
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        help_text=_("The one that you chose when you registered."),
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class PhoneForm(forms.Form):
    phone = forms.CharField(
        label=_("Phone number"),
        max_length=32,
        help_text=_("With the country code, for example +971 50 123 4567."),
        widget=forms.TextInput({"autocomplete": "tel", "inputmode": "tel", "dir": "ltr"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=6,
        help_text=_("Six digits, valid for ten minutes."),
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr"}),
    )


class UserFilter(forms.Form):
    email = forms.EmailField(
        label=_("E-mail, exactly"), required=False, widget=forms.EmailInput({"dir": "ltr"})
    )
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("Any role")), *ROLES.items()])
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("Any status")), *STATUSES.items()]
    )


class PresetForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Small letters, digits and underscores. It can't be changed later."),
        widget=forms.TextInput({"dir": "ltr"}),
    )
    name = forms.CharField(label=_("Name"), max_length=80)
    permissions = forms.MultipleChoiceField(
        label=_("Permissions"),
        choices=[(permission, permission) for permission in Permission],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, existing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if existing:
            self.fields["code"].widget = forms.HiddenInput()
