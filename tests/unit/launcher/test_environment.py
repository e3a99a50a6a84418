"""Whose value wins, which services are embedded, and the file that manage.py reads."""

import pytest

from launcher import environment, keys
from launcher.environment import compose, needs
from launcher.errors import LaunchError
from launcher.paths import State

pytestmark = pytest.mark.spec("OPS-1")
CHOSEN = {"web": 8001, "postgres": 1, "valkey": 2, "chain": 3}
OWN_DATABASE = {"DATABASE_URL": "postgresql://a@db/x", "DATABASE_OWNER_URL": "postgresql://o@db/x"}


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "state")


def composed(state, environ, chosen=CHOSEN):
    secrets = keys.load_or_make(state.path.parent / "secrets.json")
    return compose(environ, state=state, secrets=secrets, chosen=chosen, settings="config.settings.local")


def test_everything_is_embedded_by_default(state):
    assert needs({}) == environment.Needs(postgres=True, valkey=True, chain=True)
    values = composed(state, {})
    assert values["DATABASE_URL"].startswith("postgresql://alef_app:")
    assert values["DATABASE_URL"].endswith("@127.0.0.1:1/alef")
    assert values["DATABASE_OWNER_URL"].startswith("postgresql://alef_owner:")
    assert values["DATABASE_ADMIN_URL"].endswith("@127.0.0.1:1/postgres")
    assert values["REDIS_URL"].endswith("@127.0.0.1:2/0")
    assert values["CHAIN_RPC_URLS"] == "http://127.0.0.1:3"
    assert values["DJANGO_SETTINGS_MODULE"] == "config.settings.local"
    assert (values["PORT"], values["HOST"], values["STATE"]) == ("8001", "127.0.0.1", str(state.path))


def test_the_callers_values_win(state):
    given = {
        **OWN_DATABASE,
        "REDIS_URL": "redis://cache/0",
        "CHAIN_RPC_URLS": "https://one,https://two",
        "SECRET_KEY": "mine",
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "HOST": "0.0.0.0",  # noqa: S104 - a value to pass on
        "MAIL_DIR": "/mail",
        "ALLOWED_HOSTS": "alef.example",
    }
    assert needs(given) == environment.Needs(postgres=False, valkey=False, chain=False)
    assert composed(state, given, chosen={"web": 8001}).items() >= given.items()


def test_an_empty_value_is_no_value(state):
    assert needs({"REDIS_URL": "", "DATABASE_URL": ""}).postgres
    assert composed(state, {"HOST": ""})["HOST"] == "127.0.0.1"


def test_the_chosen_port_wins_over_the_wanted_one(state):
    assert composed(state, {"PORT": "8000", "STATE": "/elsewhere"})["PORT"] == "8001"


def test_the_rest_of_the_callers_environment_is_not_written_down(state):
    assert "AWS_SECRET_ACCESS_KEY" not in composed(state, {"AWS_SECRET_ACCESS_KEY": "x"})


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"])
def test_half_a_database_is_refused(name):
    with pytest.raises(LaunchError, match=f"{name} is set, but"):
        needs({name: "postgresql://db/x"})


def test_the_administrator_may_stay_at_home():
    assert not needs(OWN_DATABASE).postgres


def test_processes_do_not_get_the_owners_url(state):
    env = environment.for_children({"PATH": "/bin", "LANG": "C"}, composed(state, {}))
    assert env["LANG"] == "C"
    assert env["PATH"].endswith("/.venv/bin:/bin")
    assert {"DATABASE_ADMIN_URL", "DATABASE_OWNER_URL", "DATABASE_READONLY_URL"} <= set(env)
    plain = environment.for_process("chain", env)
    assert set(env) - set(plain) == {"DATABASE_ADMIN_URL", "DATABASE_OWNER_URL", "DATABASE_READONLY_URL"}
    assert "DATABASE_URL" in plain


@pytest.mark.spec("CHN-2")
def test_only_the_process_that_signs_gets_what_opens_the_keys(state):
    given = {"PATH": "/bin", "SIGNER_BACKEND": "theirs", "KEYSTORE_PASSWORD": "from the caller's shell"}
    for environ in ({"PATH": "/bin"}, given):
        env = environment.for_children(environ, composed(state, environ))
        assert len(env["KEYSTORE_PASSWORD"]) >= 23
        assert env["KEYSTORE_DIR"] == str(state.path / "keys")
        signing = environment.for_process("chain", env)
        assert signing["KEYSTORE_PASSWORD"] == env["KEYSTORE_PASSWORD"]
        assert signing.get("SIGNER_BACKEND") == environ.get("SIGNER_BACKEND")
        for name in ("web", "worker", "beat", "relay", "indexer", "anvil"):
            assert not {"KEYSTORE_PASSWORD", "KEYSTORE_DIR", "SIGNER_BACKEND"} & set(
                environment.for_process(name, env)
            )


def test_the_file_gives_back_what_was_written_to_its_owner_only(tmp_path):
    values = {"A": "1", "URL": "postgresql://u:p@h/d?a=b"}
    environment.write(tmp_path / "env", values)
    assert environment.read(tmp_path / "env") == values
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600
    assert environment.read(tmp_path / "missing") == {}
    with pytest.raises(LaunchError, match="line break"):
        environment.write(tmp_path / "env", {"A": "1\nB=2"})


def test_secrets_are_made_once_and_completed(tmp_path):
    file = tmp_path / "secrets.json"
    first = keys.load_or_make(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert keys.load_or_make(file) == first
    assert len(bytes.fromhex(first["FIELD_KEYS"].removeprefix("1:"))) == 32
    assert len(bytes.fromhex(first["INDEX_KEY"])) == 32
    assert len(bytes.fromhex(first["KEYSTORE_PASSWORD"])) == 32
    file.write_text('{"SECRET_KEY": "old"}')
    assert keys.load_or_make(file)["SECRET_KEY"] == "old"
    assert set(keys.load_or_make(file)) == set(first)


def test_damaged_secrets_are_not_replaced(tmp_path):
    file = tmp_path / "secrets.json"
    file.write_text("{")
    with pytest.raises(LaunchError, match="damaged"):
        keys.load_or_make(file)
    assert file.read_text() == "{"
