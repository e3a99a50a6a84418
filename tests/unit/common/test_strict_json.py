"""What Python's JSON reader lets pass, and the API doesn't."""

import pytest

from apps.common.http import read_json


def test_plain_json_is_read():
    assert read_json(b'{"a": [1, "x", null, true]}') == {"a": [1, "x", None, True]}


@pytest.mark.parametrize(
    "body",
    [b"NaN", b'{"a": Infinity}', b'{"a": 1e309}', b'{"a": 1.5}', b'{"a": 1, "a": 2}', b'{"a": "\\u0000"}',
     b'{"a": "\\ud800"}', b"\xff", b"", b"{", b"[" * 100_000, b'{"a":' * 30 + b"1" + b"}" * 30, b"1" * 5000],
)  # fmt: skip
def test_bad_json_is_refused(body):
    with pytest.raises(ValueError, match=r".+"):
        read_json(body)
