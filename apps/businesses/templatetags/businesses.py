"""How the pages say the codes of a business."""

from django import template
from django.utils.functional import Promise
from django_countries import countries

from apps.businesses.forms import INDUSTRIES

register = template.Library()


@register.filter
def industry_name(code: str) -> str | Promise:
    """Return the name of an industry in the reader's language."""
    return {str(known): name for known, name in INDUSTRIES.items()}.get(str(code), str(code))


@register.filter
def country_name(code: str) -> str:
    """Return the name of a country in the reader's language; the code itself for one that is unknown."""
    return str(countries.name(code) or code)
