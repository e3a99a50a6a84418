"""The environment of the processes: what the caller set wins, the embedded services fill the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher import keys, ports
from launcher.errors import LaunchError
from launcher.files import write_atomic
from launcher.paths import VENV, State

DATABASE_URLS = ("DATABASE_ADMIN_URL", "DATABASE_OWNER_URL", "DATABASE_URL")
# For manage.py and the preparation only: the application must not be the owner of its tables.
PRIVILEGED = ("DATABASE_ADMIN_URL", "DATABASE_OWNER_URL", "DATABASE_READONLY_URL")
# For the one process that signs, and for the preparation, which makes the keys (CHN-2).
SIGNER = ("SIGNER_BACKEND", "KEYSTORE_DIR", keys.KEYSTORE)
SIGNING_PROCESS = "chain"
REQUIRED_DATABASE_URLS = ("DATABASE_OWNER_URL", "DATABASE_URL")
OTHER_SETTINGS = (
    *("REDIS_URL", "ALLOWED_HOSTS", "SIGNER_BACKEND"),
    *("CHAIN_RPC_URLS", "CHAIN_ID", "CHAIN_NAME", "CHAIN_COIN", "CHAIN_EXPLORER", "CHAIN_CONFIRMATIONS"),
)
DATABASE = "alef"
ROLES = {
    "DATABASE_OWNER_URL": "alef_owner",
    "DATABASE_URL": "alef_app",
    "DATABASE_READONLY_URL": "alef_readonly",
}


@dataclass(frozen=True)
class Needs:
    """Which embedded services this run starts itself."""

    postgres: bool
    valkey: bool
    chain: bool


def needs(environ: Mapping[str, str]) -> Needs:
    """Read from the caller's environment which services are given by URL.

    Raises LaunchError when the database is given by halves.
    """
    given = [name for name in DATABASE_URLS if environ.get(name)]
    missing = [name for name in REQUIRED_DATABASE_URLS if name not in given]
    if given and missing:
        raise LaunchError(
            f"{' and '.join(given)} is set, but {' and '.join(missing)} is not.",
            fix="set both for your own PostgreSQL (and DATABASE_ADMIN_URL to have its roles made), or none.",
        )
    return Needs(
        postgres=not given, valkey=not environ.get("REDIS_URL"), chain=not environ.get("CHAIN_RPC_URLS")
    )


def compose(
    environ: Mapping[str, str],
    *,
    state: State,
    secrets: Mapping[str, str],
    chosen: Mapping[str, int],
    settings: str,
) -> dict[str, str]:
    """Return the project's variables and only those: the caller's values over the embedded defaults."""
    usual = {
        "DJANGO_SETTINGS_MODULE": settings,
        "HOST": ports.LOOPBACK,
        "MAIL_DIR": str(state.path / "mail"),
        "KEYSTORE_DIR": str(state.keystores),
        keys.KEYSTORE: secrets[keys.KEYSTORE],
        **{name: secrets[name] for name in keys.APPLICATION},
        **_service_urls(secrets, chosen),
    }
    given = {name: environ[name] for name in (*usual, *DATABASE_URLS, *OTHER_SETTINGS) if environ.get(name)}
    fixed = {"STATE": str(state.path)}
    if ports.WEB in chosen:
        fixed["PORT"] = str(chosen[ports.WEB])
    return {**usual, **given, **fixed}


def _service_urls(secrets: Mapping[str, str], chosen: Mapping[str, int]) -> dict[str, str]:
    urls = {}
    if ports.POSTGRES in chosen:
        place = f"{ports.LOOPBACK}:{chosen[ports.POSTGRES]}"
        urls["DATABASE_ADMIN_URL"] = f"postgresql://postgres:{secrets[keys.ADMIN]}@{place}/postgres"
        passwords = (keys.OWNER, keys.APP, keys.READONLY)
        for (name, role), password in zip(ROLES.items(), passwords, strict=True):
            urls[name] = f"postgresql://{role}:{secrets[password]}@{place}/{DATABASE}"
    if ports.VALKEY in chosen:
        urls["REDIS_URL"] = f"redis://:{secrets[keys.VALKEY]}@{ports.LOOPBACK}:{chosen[ports.VALKEY]}/0"
    if ports.CHAIN in chosen:
        urls["CHAIN_RPC_URLS"] = f"http://{ports.LOOPBACK}:{chosen[ports.CHAIN]}"
    return urls


def for_children(environ: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """Return the full environment of a child: the caller's, ours, and .venv first on PATH."""
    path = environ.get("PATH") or "/usr/local/bin:/usr/bin:/bin"
    return {
        **environ,
        **variables,
        "PATH": f"{VENV / 'bin'}:{path}",
        "VIRTUAL_ENV": str(VENV),
        "PYTHONUNBUFFERED": "1",
    }


def for_process(name: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a line of the Procfile: without the owner's and the administrator's URL.

    What opens the keys of the chain is for the process that signs, and for no other.
    """
    withheld = PRIVILEGED if name == SIGNING_PROCESS else (*PRIVILEGED, *SIGNER)
    return {name: value for name, value in env.items() if name not in withheld}


def write(file: Path, variables: Mapping[str, str]) -> None:
    """Write KEY=VALUE lines, so that manage.py works beside a running `up`."""
    for name, value in variables.items():
        if "\n" in value:
            raise LaunchError(f"{name} holds a line break.", fix=f"set {name} to a single line.")
    write_atomic(file, "".join(f"{name}={value}\n" for name, value in variables.items()), mode=0o600)


def read(file: Path) -> dict[str, str]:
    """Return the variables written last, or none when nothing ever ran."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
