"""People and programs outside the venue: they know its addresses and nothing of its code."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import requests
from websockets.sync.client import connect

T = TypeVar("T")
PASSWORD = "a sentence nobody guesses"
DEMO_PASSWORD = "alef demo market"
PATIENCE = 90.0  # seconds for what the venue does by itself


class Refused(Exception):
    """The venue answered with another status than was expected."""


class NotInTime(Exception):
    """Something that the venue does by itself didn't happen."""


def until(act: Callable[[], T], *, what: str, seconds: float = PATIENCE) -> T:
    """Ask again and again until the answer is true, and return it. Raises NotInTime."""
    end = time.monotonic() + seconds
    while True:
        if found := act():
            return found
        if time.monotonic() > end:
            raise NotInTime(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.1)


@dataclass
class Person:
    """Somebody with a program: speaks the API under /api/v1 with an access token."""

    url: str
    email: str
    id: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        return self.ask("GET", path, params=query)

    def post(self, path: str, body: Any = None, *, status: int = 200, key: str = "", **more: Any) -> Any:
        """Do something, once: `key` is the Idempotency-Key, a new one unless given."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        sent = {"json": body} if body is not None else {}
        return self.ask("POST", path, status=status, headers=headers, **sent, **more)

    def patch(self, path: str, body: Any) -> Any:
        """Change something."""
        return self.ask("PATCH", path, json=body)

    def ask(self, method: str, path: str, *, status: int = 200, **more: Any) -> Any:
        """Send a request and return its JSON. Raises Refused for another status than `status`."""
        answer = self.session.request(method, f"{self.url}/api/v1/{path}", timeout=30, **more)
        if answer.status_code != status:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:600]}")
        is_json = answer.headers.get("Content-Type", "").partition(";")[0] == "application/json"
        return answer.json() if is_json else answer.text

    def log_in(self, password: str = PASSWORD) -> "Person":
        """Get an access token."""
        body = {"email": self.email, "password": password, "delivery": "body"}
        self.session.headers["Authorization"] = f"Bearer {self.post('auth/login', body)['access']}"
        self.id = self.get("me")["id"]
        return self

    @property
    def token(self) -> str:
        """The access token, for a WebSocket's first message."""
        return str(self.session.headers["Authorization"]).removeprefix("Bearer ")


def register(url: str, *, name: str, role: str, country: str) -> Person:
    """Open an account the way anybody does: register, follow the mail's link, log in."""
    person = Person(url, f"{name.lower().replace(' ', '.')}.{uuid4().hex[:10]}@walk.example")
    person.post(
        "auth/register",
        {
            "email": person.email,
            "password": PASSWORD,
            "full_name": name,
            "role": role,
            "country": country,
        },
        status=202,
    )
    challenge, secret = until(lambda: _link(url, person.email), what="the verification mail")
    person.post("auth/verify", {"challenge": challenge, "secret": secret, "password": PASSWORD})
    return person.log_in()


def _link(url: str, email: str) -> tuple[str, str] | None:
    sent = requests.get(f"{url}/dev/mail.json", params={"to": email}, timeout=10).json()["messages"]
    links = [link for mail in sent for link in mail["links"] if "/verify/" in link]
    if not links:
        return None
    challenge, secret = links[0].partition("/verify/")[2].split("/")
    return challenge, secret


class Listener:
    """Somebody at the WebSocket. What comes while another message is awaited is kept for later."""

    def __init__(self, url: str) -> None:
        self._open = ExitStack()
        self._socket = self._open.enter_context(connect(f"ws{url.removeprefix('http')}/ws/v1"))
        self._heard: list[dict[str, Any]] = []

    def say(self, **message: str) -> None:
        """Send a message."""
        self._socket.send(json.dumps(message))

    def until(self, **wanted: Any) -> dict[str, Any]:
        """Return the next message with these values, and forget it. Raises NotInTime."""
        end, looked_at = time.monotonic() + PATIENCE, 0
        while True:
            for number in range(looked_at, len(self._heard)):
                if wanted.items() <= self._heard[number].items():
                    return self._heard.pop(number)
            looked_at = len(self._heard)
            try:
                self._heard.append(json.loads(self._socket.recv(timeout=max(0, end - time.monotonic()))))
            except TimeoutError:
                said = [each for each in self._heard if each.get("type") == "error"]
                raise NotInTime(f"no message {wanted} came; errors: {said}") from None

    def close(self) -> None:
        """Hang up."""
        self._open.close()


@dataclass(frozen=True)
class Chain:
    """The chain as anybody reads it, over JSON-RPC."""

    url: str

    def call(self, method: str, *parameters: Any) -> Any:
        """Call a method of the node. Raises Refused."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        answer = requests.post(self.url, json=body, timeout=30).json()
        if "result" not in answer:
            raise Refused(f"{method}: {answer.get('error')}")
        return answer["result"]

    def read(self, address: str, selector: str, *words: int) -> int:
        """Call a view function that takes words and returns one, `selector` being its first four bytes."""
        data = "0x" + selector + "".join(f"{word:064x}" for word in words)
        return int(self.call("eth_call", {"to": address, "data": data}, "latest"), 16)

    def balance(self, token: str, holder: str) -> int:
        """Return ERC-20 `balanceOf`."""
        return self.read(token, "70a08231", int(holder, 16))

    def supply(self, token: str) -> int:
        """Return ERC-20 `totalSupply`."""
        return self.read(token, "18160ddd")

    def succeeded(self, tx_hash: str) -> bool:
        """Tell whether a transaction was mined and not reverted."""
        receipt = self.call("eth_getTransactionReceipt", tx_hash)
        return receipt is not None and int(receipt["status"], 16) == 1
