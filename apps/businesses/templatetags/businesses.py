"""How the pages say the codes of a business."""

from django import template
from django.utils.functional import Promise

from apps.businesses.forms import INDUSTRIES
from apps.common.fields import country_name

register = template.Library()
register.filter(country_name)


@register.filter
def industry_name(code: str) -> str | Promise:
    """Return the name of an industry in the reader's language."""
    return {str(known): name for known, name in INDUSTRIES.items()}.get(str(code), str(code))
