"""WCAG 2.2 AA of the palette, computed from the tokens: 4.5:1 for text, 3:1 for edges of controls (UI-1)."""

import re
from math import cos, radians, sin

import pytest
from django.conf import settings

TOKENS = (settings.BASE_DIR / "static/css/src/tokens.pcss").read_text()
PAIR = re.compile(
    r"--color-([\w-]+): light-dark\("
    r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\), oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)\);"
)
ROLE = re.compile(r'\[data-role="(\w+)"\] \{(.*?)\}', re.DOTALL)
THEMES = ("light", "dark")
HUES = ("neutral", "info", "success", "warning", "error", "primary")
SURFACES = ("base-100", "base-200", "base-300")


def palette(css):
    """Read {(token, theme): (lightness, chroma, hue)}."""
    found = {}
    for name, *numbers in PAIR.findall(css):
        values = [float(number) for number in numbers]
        found[name, "light"], found[name, "dark"] = tuple(values[:3]), tuple(values[3:])
    return found


def luminance(colour):
    """Return the relative luminance (WCAG 2.2) of an OKLCH colour, by Ottosson's OKLab matrices."""
    lightness, chroma, hue = colour
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


BASE = palette(TOKENS.split('[data-role="investor"]')[0])
ROLES = {role: BASE | palette(css) for role, css in ROLE.findall(TOKENS)}


def test_the_measure_is_right():
    black, white = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0)
    assert contrast(black, white) == pytest.approx(21, abs=0.01)
    assert contrast((0.5, 0.089, 188.0), white) == pytest.approx(5.5, abs=0.6)


def test_each_role_has_an_accent_of_its_own():
    assert set(ROLES) == {"investor", "issuer", "admin", "staff"}
    for theme in THEMES:
        assert len({colours["primary", theme] for colours in ROLES.values()}) == 4


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("role", sorted(ROLES))
def test_text_can_be_read(role, theme):
    colours = ROLES[role]
    pairs = [(ink, surface) for ink in ("base-content", "muted") for surface in SURFACES]
    pairs += [(f"{hue}-content", hue) for hue in HUES]
    pairs += [(f"tone-{hue}", f"tint-{hue}") for hue in HUES]
    pairs += [(f"tone-{hue}", surface) for hue in HUES for surface in ("base-100", "base-200")]
    pairs += [("base-content", f"tint-{hue}") for hue in HUES]
    weak = {
        pair: round(ratio, 2)
        for pair in pairs
        if (ratio := contrast(colours[pair[0], theme], colours[pair[1], theme])) < 4.5
    }
    assert not weak


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("role", sorted(ROLES))
def test_controls_can_be_seen(role, theme):
    colours = ROLES[role]
    pairs = [
        (line, surface)
        for line in ("edge", "primary", "tone-primary")
        for surface in ("base-100", "base-200")
    ]
    weak = {
        pair: round(ratio, 2)
        for pair in pairs
        if (ratio := contrast(colours[pair[0], theme], colours[pair[1], theme])) < 3
    }
    assert not weak
