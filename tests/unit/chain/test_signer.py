"""The keys: made once, kept shut, never handed out."""

import io
import json
import stat

import pytest
from django.core.management import CommandError, call_command
from eth_account import Account
from eth_account.messages import encode_defunct

from apps.chain.signer import CUSTODY_PATH, KeyRefused, KeysMissing, backend, import_key, make_keys, signer
from apps.chain.signer.keystore import Keystore, _child
from apps.chain.types import Duty
from tests.chain import PASSWORD

pytestmark = pytest.mark.spec("CHN-2")
# Published with every development chain: m/44'/60'/0'/0/0 to /6 of its mnemonic.
FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SEVENTH = "0x976EA74026E726554dB657fA54763abd0C3a0aa9"


@pytest.fixture
def kept(tmp_path, settings):
    settings.KEYSTORE_DIR, settings.KEYSTORE_PASSWORD = tmp_path / "keys", PASSWORD
    return settings.KEYSTORE_DIR


def contents(folder):
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_a_file_for_each_duty_and_the_seed_and_nobody_else_reads_them(kept):
    call_command("chain_keys")
    assert set(contents(kept)) == {f"{duty}.json" for duty in Duty} | {"custody.json"}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept.iterdir()} == {0o600}
    for text in contents(kept).values():
        assert json.loads(text)["crypto"]["kdf"] == "scrypt"
    assert "address" not in json.loads((kept / "custody.json").read_text())


def test_making_again_changes_nothing(kept):
    call_command("chain_keys")
    before = contents(kept)
    call_command("chain_keys", "--development")
    assert contents(kept) == before
    (kept / "court.json").unlink()
    call_command("chain_keys")
    now = contents(kept)
    assert now.pop("court.json") != before.pop("court.json")
    assert now == before


def test_development_keys_are_the_published_ones_and_the_seed_is_not(kept, tmp_path):
    call_command("chain_keys", "--development")
    keys = signer()
    assert (keys.address(Duty.OWNER), keys.address(Duty.PUBLISHER)) == (FIRST, SEVENTH)
    make_keys(tmp_path / "others", PASSWORD, development=True)
    assert keys.custody_address(0) != Keystore(str(tmp_path / "others"), PASSWORD).custody_address(0)
    assert keys.custody_address(0) != FIRST


def test_production_refuses_development_keys(kept, settings):
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError):
        call_command("chain_keys", "--development")
    assert not kept.exists()


def test_a_key_is_imported_from_standard_input_and_never_over_another(kept, monkeypatch):
    key = "0x" + bytes(range(1, 33)).hex()
    monkeypatch.setattr("sys.stdin", io.StringIO(key + "\n"))
    call_command("chain_keys", "import", "court")
    call_command("chain_keys")
    assert signer().address(Duty.COURT) == Account.from_key(key).address
    monkeypatch.setattr("sys.stdin", io.StringIO(key))
    with pytest.raises(CommandError):
        call_command("chain_keys", "import", "court")


@pytest.mark.parametrize("text", ["", "xyz", "ab" * 31, "ab" * 33, "１" * 64])
def test_what_is_no_key_is_refused(kept, text):
    with pytest.raises(KeyRefused):
        import_key(kept, PASSWORD, Duty.OWNER, text)
    assert not kept.exists()


def test_a_weak_password_is_refused(kept):
    with pytest.raises(KeyRefused):
        make_keys(kept, "x" * 31)


def test_a_missing_file_or_a_wrong_password_is_said(kept, settings):
    with pytest.raises(KeysMissing, match="chain_keys"):
        signer()
    make_keys(kept, PASSWORD)
    settings.KEYSTORE_PASSWORD = "another" * 5
    with pytest.raises(KeysMissing, match="KEYSTORE_PASSWORD"):
        signer()


def test_custody_addresses_are_children_of_the_seed():
    # BIP-32, test vector 1 of the specification, is for another path; this one is the development mnemonic's.
    assert CUSTODY_PATH.format(index=6) == "m/44'/60'/0'/0/6"
    seed = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
    assert Account.from_key(_child(seed, 0)).address != Account.from_key(_child(seed, 1)).address


def test_signatures_are_the_duty_s_own(kept):
    make_keys(kept, PASSWORD, development=True)
    keys, digest = signer(), bytes(range(32))
    signature = keys.sign_message(Duty.ISSUER, digest)
    issuer = keys.address(Duty.ISSUER)
    assert Account.recover_message(encode_defunct(digest), signature=signature) == issuer
    fields = {
        "chainId": 31337,
        "nonce": 3,
        "gas": 21_000,
        "gasPrice": 1,
        "to": FIRST,
        "value": 0,
        "data": b"",
    }
    signed = keys.sign_transaction(Duty.AGENT, fields)
    assert Account.recover_transaction(signed.raw) == keys.address(Duty.AGENT)
    assert signed == keys.sign_transaction(Duty.AGENT, fields), "the same bytes each time"


def test_another_backend_is_named_by_its_path(settings):
    settings.SIGNER_BACKEND = "tests.unit.chain.test_signer.Safe"
    assert signer().address(Duty.OWNER) == "0xsafe"
    assert "keystore" in backend.BACKENDS


class Safe:
    """A signer of another kind, as a deployment might bring along."""

    def __init__(self, folder: str, password: str) -> None:
        self.folder = folder

    def address(self, duty: Duty) -> str:
        return "0xsafe"
