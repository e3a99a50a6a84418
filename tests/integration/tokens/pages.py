"""Reading our pages in tests the way a browser without scripts does."""

from datetime import UTC, datetime
from html.parser import HTMLParser

from apps.accounts.types import Role
from tests.factories.accounts import AccountFactory, logged_in

NOW = datetime.now(UTC)
SCRIPTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{ 7 * 7 }}{% now 'Y' %}",
    "<c-icon name='x' />&lt;b&gt;",
    "\u202egnp.exe",
]


class Forms(HTMLParser):
    """Collects what each form of a page would send, by the path of its action."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sent: dict[str, dict[str, list[str]]] = {}
        self.invalid: set[str] = set()
        self._form: dict[str, list[str]] | None = None
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("name") or ""
        if given.get("aria-invalid") == "true":
            self.invalid.add(name)
        match tag:
            case "form":
                self._form = self.sent.setdefault(given.get("action") or "", {})
            case "select":
                self._select = name
            case "option" if self._form is not None:
                chosen = [given.get("value") or ""]
                if "selected" in given:
                    self._form[self._select] = chosen
                self._form.setdefault(self._select, chosen)  # a browser sends the first
            case "input" if given.get("type") not in {"checkbox", "radio"} or "checked" in given:
                self._put(name, given.get("value"))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None

    def _put(self, name, value):
        if self._form is not None and name and name != "csrfmiddlewaretoken":
            self._form.setdefault(name, []).append(value or "")


def forms_of(response) -> Forms:
    return Forms(text_of(response))


def text_of(response) -> str:
    return response.content.decode()


def staff(client, preset):
    """Log in a member of staff with this preset."""
    return logged_in(client, AccountFactory(role=Role.STAFF, team_role=preset))
