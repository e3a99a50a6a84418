"""Template tags of the design system; templates/components uses them, pages use the components."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput, ClearableFileInput, FileInput, Select, Textarea
from django.forms.widgets import CheckboxSelectMultiple, RadioSelect
from django.http import HttpRequest
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import pgettext
from django_cotton.templatetags import Attrs

from apps.common import money
from apps.portals.templatetags.states import State, state_named

register = template.Library()

# Icons that point along the line of reading, turned round where the page reads from the right.
MIRRORED_ICONS = frozenset(
    [
        "arrow-down-left",
        "arrow-down-right",
        "arrow-left",
        "arrow-right",
        "arrow-up-right",
        "chevron-left",
        "chevron-right",
        "chevrons-left",
        "door-open",
        "list",
        "list-checks",
        "list-ordered",
        "list-todo",
        "log-in",
        "log-out",
        "move-right",
        "notebook-pen",
        "panel-left",
        "panel-left-close",
        "panel-left-open",
        "receipt-text",
        "reply",
        "scroll-text",
        "send",
        "undo-2",
    ]
)
BUTTONS = {
    "primary": "btn-primary",
    "secondary": "btn-plain",
    "ghost": "btn-ghost",
    "neutral": "btn-neutral",
    "danger": "btn-error",
    "quiet-danger": "btn-quiet-danger",
}
THEMES = frozenset({"light", "dark"})
SPARK_WIDTH, SPARK_HEIGHT = 112, 36


@register.simple_tag
def icon(name: str, classes: str = "", label: str = "") -> SafeString:
    """Draw an icon of the sprite. Without a label it is decoration and hidden from readers."""
    mirrored = " icon-mirrored" if name in MIRRORED_ICONS else ""
    voice = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon{} {}" {}><use href="{}#{}"></use></svg>',
        mirrored,
        classes,
        voice,
        static("vendor/lucide/sprite.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return the theme the reader chose ("light" or "dark"), or "" where the system decides."""
    return _choice(context, "theme", THEMES)


@register.simple_tag(takes_context=True)
def sidebar(context: Context) -> str:
    """Return "rail" if the reader folded the sidebar, "wide" if they unfolded it, else ""."""
    return _choice(context, "sidebar", frozenset({"rail", "wide"}))


@register.simple_tag(takes_context=True)
def hx_nonce(context: Context, attrs: Mapping[str, Any]) -> SafeString | str:
    """Return `hx-nonce="…"` if any of the attributes is htmx's: the page's policy ignores one without it."""
    if not any(str(name).startswith("hx-") for name in attrs):
        return ""
    return format_html('hx-nonce="{}"', getattr(context.get("request"), "csp_nonce", ""))


@register.simple_tag(takes_context=True)
def return_address(context: Context) -> str:
    """Return the path and query of this page, where a switch of language comes back to."""
    request = context.get("request")
    return request.get_full_path() if isinstance(request, HttpRequest) else "/"


def _choice(context: Context, cookie: str, allowed: frozenset[str]) -> str:
    request = context.get("request")
    value = request.COOKIES.get(cookie, "") if isinstance(request, HttpRequest) else ""
    return value if value in allowed else ""


@register.filter
def button_look(variant: str) -> str:
    """Return the class of a button's variant. A variant that doesn't exist raises KeyError."""
    return BUTTONS[variant]


@register.filter
def state(word: object) -> State:
    """Look up a state's family and label by the API's word."""
    return state_named(word)


@register.filter
def field_kind(field: BoundField) -> str:
    """Say which of our controls a form field is: input, textarea, select, checkbox, choices or file."""
    widget = field.field.widget
    kinds: dict[str, tuple[type, ...]] = {
        "choices": (RadioSelect, CheckboxSelectMultiple),
        "checkbox": (CheckboxInput,),
        "file": (ClearableFileInput, FileInput),
        "textarea": (Textarea,),
        "select": (Select,),
    }
    return next((kind for kind, classes in kinds.items() if isinstance(widget, classes)), "input")


@register.simple_tag
def control(
    field: BoundField, attrs: Attrs | None = None, *, bare: bool = False, classes: str = ""
) -> SafeString:
    """Render a form field's widget with the system's class and a component's passed-on attributes.

    `bare` leaves the class out, for a control inside a box that already looks like one.
    """
    kind = field_kind(field)
    own = str(field.field.widget.attrs.get("class", ""))
    system = "" if bare or kind in {"choices", "file"} else kind
    wanted: dict[str, Any] = dict(attrs.attrs_dict()) if attrs is not None else {}
    if merged := " ".join(filter(None, [system, own, classes])):
        wanted["class"] = merged
    return field.as_widget(attrs=wanted)


@register.filter
def shorten(value: object, keep: int = 6) -> str:
    """Keep the head and tail of a long hash or address: 0x5FbDB2…180aa3."""
    text = str(value)
    head = keep + 2 if text.startswith("0x") else keep
    return text if len(text) <= head + keep + 1 else f"{text[:head]}…{text[-keep:]}"


@register.filter
def initials(name: object) -> str:
    """Return the first letters of the first and the last word of a name."""
    words = str(name).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def grouped(number: object) -> str:
    """Put a comma between thousands of decimal text, an int or a Decimal: 1234567.50 → 1,234,567.50."""
    text = format(number, "f") if isinstance(number, Decimal) else str(number)
    whole, point, fraction = text.partition(".")
    sign, digits = ("\N{MINUS SIGN}", whole[1:]) if whole.startswith("-") else ("", whole)
    if not digits.isascii() or not digits.isdigit():
        return text
    return f"{sign}{int(digits):,}{point}{fraction}"


@register.simple_tag
def grouped_text(number: object) -> str:
    """Do what the filter `grouped` does, for a name given by `as`."""
    return grouped(number)


@register.simple_tag
def amount_text(units: int, decimals: int = 2) -> str:
    """Write an integer of the smallest unit for people: 123456750 with 2 decimals → 1,234,567.50."""
    return grouped(money.text(int(units), decimals=int(decimals)))


@register.filter
def direction(change: object) -> str:
    """Say which way a signed number (or its text) points: up, down or flat."""
    text = str(change).strip().replace("\N{MINUS SIGN}", "-").lstrip("+")
    if not text.strip("-0.,% "):
        return "flat"
    return "down" if text.startswith("-") else "up"


@register.filter
def zoned(moment: datetime) -> str:
    """Say a time to the second with its zone, and in UTC: what a time's tooltip shows."""
    local = timezone.localtime(moment)
    zone = getattr(timezone.get_current_timezone(), "key", None) or local.tzname()
    shown = f"{local:%Y-%m-%d %H:%M:%S} {zone}"
    return shown if zone == "UTC" else f"{shown} · {moment.astimezone(UTC):%H:%M:%S} UTC"


@register.filter
def moment(at: datetime, shape: str = "full") -> str:
    """Write a time in the current zone and language: full (3 May 2026, 14:02), date, time or seconds."""
    patterns = {
        "full": pgettext("format of a time", "j M Y, H:i"),
        "date": "j M Y",
        "time": "H:i",
        "seconds": "H:i:s",
    }
    return date_format(timezone.localtime(at), patterns[shape])


@register.simple_tag
def market_zone() -> str:
    """Return the zone in which the market's days begin and end."""
    return str(settings.MARKET_TIME_ZONE)


@register.simple_tag
def spark(values: Sequence[float | int | Decimal]) -> dict[str, str] | None:
    """Return the SVG paths {line, area, x, y} of a small line chart, or None for fewer than two values.

    The chart is drawing, not arithmetic of money, so float is fine here.
    """
    points = [float(value) for value in values]
    if len(points) < 2:
        return None
    low, high = min(points), max(points)
    spread = (high - low) or 1.0
    flat = high == low
    step = SPARK_WIDTH / (len(points) - 1)
    inner = SPARK_HEIGHT - 8
    placed = [
        (round(i * step, 1), round(4 + inner * (0.5 if flat else (high - value) / spread), 1))
        for i, value in enumerate(points)
    ]
    line = "M" + " L".join(f"{x} {y}" for x, y in placed)
    area = f"{line} L{SPARK_WIDTH} {SPARK_HEIGHT} L0 {SPARK_HEIGHT} Z"
    return {"line": line, "area": area, "x": str(placed[-1][0]), "y": str(placed[-1][1])}


@register.filter
def host(url: object) -> str:
    """Return the host of an address, to say where an outside link leads."""
    return urlsplit(str(url)).netloc
