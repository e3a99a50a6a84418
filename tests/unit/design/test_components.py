"""What the components say: to eyes, to readers of a screen, and never more than they were given."""

from datetime import UTC, datetime

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.test import RequestFactory
from django.utils import translation
from django_cotton.compiler_regex import CottonCompiler

from apps.portals.templatetags.design import direction, grouped, initials, shorten, spark, zoned
from apps.portals.templatetags.states import _WORDS, STATES, Family, state_named

ATTACK = '"><script>alert(1)</script>'


@pytest.fixture
def render():
    """Render template text, with components, for a request to `url`."""

    def rendered(text, url="/here?state=pending&cursor=abc", **context):
        request = RequestFactory().get(url)
        request.csp_nonce = "nonce-of-the-page"  # type: ignore[attr-defined]
        request.user = AnonymousUser()
        template = engines["django"].from_string(CottonCompiler().process(text))
        return " ".join(template.render(context, request).split())

    return rendered


class Registration(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="We write to it once")
    note = forms.CharField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


def test_a_value_is_escaped_wherever_it_stands(render):
    for text in (
        '<c-button icon="check">{{ x }}</c-button>',
        '<c-alert title="{{ x }}">{{ x }}</c-alert>',
        '<c-alert :title="x" />',
        '<c-chip :name="x" :detail="x" />',
        '<c-hash :value="x" />',
        '<c-money :amount="x" currency="AED" />',
        '<c-state :of="x" />',
        '<c-field name="n" label="{{ x }}" :value="x" :error="x" :help="x" placeholder="{{ x }}" />',
        '<c-stat :label="x" :value="x" :delta="x" />',
        '<c-table :caption="x" :rows="True" :note="x"></c-table>',
        '<c-button data-key="{{ x }}">b</c-button>',
    ):
        assert "<script>" not in render(text, x=ATTACK), text


def test_a_wrong_field_says_so_beside_itself(render):
    html = render('<c-field :field="form.email" />', form=Registration({"email": "layla@"}))
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'id="id_email_helptext"' in html
    assert 'id="id_email_error"' in html
    assert 'value="layla@"' in html
    assert "Enter a valid email address." in html


def test_only_what_is_optional_is_marked(render):
    form = Registration()
    assert "optional" not in render('<c-field :field="form.email" />', form=form)
    assert "optional" in render('<c-field :field="form.note" />', form=form)


def test_a_choice_is_a_group_with_a_name(render):
    html = render('<c-field :field="form.kind" />', form=Registration({}))
    assert "<fieldset" in html
    assert "<legend" in html
    assert html.count('type="radio"') == 2
    assert html.count('aria-invalid="true"') == 2


def test_a_form_has_its_token_and_its_errors(render):
    form = Registration({"email": "a@example.com", "kind": "a"})
    form.add_error(None, "The address is taken.")
    html = render('<c-form :form="form" action="/register" />', form=form)
    assert "csrfmiddlewaretoken" in html
    assert 'role="alert"' in html
    assert "The address is taken." in html
    assert "novalidate" in html


def test_a_get_form_sends_no_token(render):
    assert "csrfmiddlewaretoken" not in render('<c-form method="get" action="/find">x</c-form>')


def test_htmx_is_stamped_with_the_nonce_of_the_page(render):
    assert 'hx-nonce="nonce-of-the-page"' in render('<c-button hx-post="/claim">Claim</c-button>')
    assert "hx-nonce" not in render("<c-button>Claim</c-button>")


def test_sorting_is_a_link_that_keeps_the_filter_and_drops_the_cursor(render):
    text = '<c-th sort="amount" table="deposits">Amount</c-th>'
    first = render(text)
    assert 'aria-sort="none"' in first
    assert 'href="?state=pending&amp;sort=amount"' in first
    assert 'hx-target="#deposits"' in first
    up = render(text, url="/here?sort=amount")
    assert 'aria-sort="ascending"' in up
    assert 'href="?sort=-amount"' in up
    assert 'aria-sort="descending"' in render(text, url="/here?sort=-amount")


def test_pages_are_links(render):
    html = render('<c-table id="t" caption="Deposits" :rows="[1]" next="n2"><tr></tr></c-table>')
    assert 'href="?state=pending&amp;cursor=n2"' in html
    assert 'rel="prev"' not in html
    assert 'aria-disabled="true"' in html


def test_an_empty_table_shows_what_to_do_instead(render):
    html = render(
        '<c-table caption="D" :rows="[]"><c-slot name="empty"><c-empty title="Nothing" /></c-slot></c-table>'
    )
    assert "<table" not in html
    assert "Nothing" in html


def test_a_disabled_link_is_no_link(render):
    assert "<a " not in render('<c-button href="/x" disabled>Go</c-button>')


def test_money_names_its_currency_and_a_sign_is_not_colour_alone(render):
    assert "1,234.50" in render('<c-money :units="123450" currency="AED" />')
    assert "AED" in render('<c-money :units="123450" currency="AED" />')
    assert "+1.00" in render('<c-money amount="1.00" currency="AED" signed />')
    assert 'aria-label="Down"' in render('<c-delta value="-0.3%" />')


def test_a_time_names_its_zone(render):
    at = datetime(2026, 5, 3, 10, 2, 11, tzinfo=UTC)
    html = render('<c-time :at="at" />', at=at)
    assert 'datetime="2026-05-03T10:02:11+00:00"' in html
    assert "UTC" in html
    assert zoned(at).startswith("2026-05-03 10:02:11")


def test_a_component_sees_nothing_of_the_page_around_it(render):
    assert "leaked" not in render(
        '<c-card title="T">x</c-card>', foot="leaked", actions="leaked", lede="leaked"
    )


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("1234567.50", "1,234,567.50"),
        ("-1000", "\N{MINUS SIGN}1,000"),
        ("0.00", "0.00"),
        ("999", "999"),
        ("1,000", "1,000"),
        ("n/a", "n/a"),
        ("٣", "٣"),
    ],
)
def test_thousands_are_separated(given, shown):
    assert grouped(given) == shown


@pytest.mark.parametrize(
    ("given", "way"),
    [("+2.4%", "up"), ("\N{MINUS SIGN}0.27%", "down"), ("-1", "down"), ("0.00%", "flat"), ("", "flat")],
)
def test_direction_of_a_change(given, way):
    assert direction(given) == way


def test_hashes_are_shortened_and_short_words_are_not():
    assert shorten("0x5FbDB2315678afecb367f032d93F642f64180aa3") == "0x5FbDB2…180aa3"
    assert shorten("DEP-4180") == "DEP-4180"


def test_initials():
    assert [initials(name) for name in ("Layla Haddad", "Omar", "Maria del Mar Ruiz", "")] == [
        "LH",
        "O",
        "MR",
        "",
    ]


def test_a_sparkline_needs_two_points_and_bears_a_flat_one():
    assert spark([]) is None
    assert spark([5]) is None
    assert spark([5, 5, 5])["line"] == "M0.0 18.0 L56.0 18.0 L112.0 18.0"
    assert spark([0, 10])["line"] == "M0.0 32.0 L112.0 4.0"


def test_a_state_is_spelt_as_the_api_spells_it(render):
    html = render('<c-state of="in_review" />')
    assert 'data-state="in_review"' in html
    assert "In review" in html
    assert "hue-warning" in html
    assert state_named("never_heard_of").family is Family.RESTING
    assert "Never heard of" in render('<c-state of="never_heard_of" />')


def test_a_state_belongs_to_one_family():
    assert sum(len(words) for words in _WORDS.values()) == len(STATES)


def test_labels_of_states_are_their_words():
    with translation.override("en"):
        spelt = {word: str(state.label).lower().replace(" ", "_") for word, state in STATES.items()}
    assert {word: label for word, label in spelt.items() if word != label} == {"dead": "dead_letter"}
