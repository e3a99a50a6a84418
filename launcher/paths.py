"""Where things are: the checkout, its virtual environment, and STATE with everything that runs."""

import getpass
import hashlib
import os
import pwd
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from launcher.errors import LaunchError
from launcher.files import write_atomic
from launcher.locks import LockedError, hold
from launcher.processes import User

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
SITE_NAME = "state.txt"
SITE_TEXT = "Everything in this folder was made by ./alef.sh, and ./alef.sh reset deletes it.\n"


@dataclass(frozen=True)
class State:
    """The folder of one running system and the names in it."""

    path: Path

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets.json"

    @property
    def ports(self) -> Path:
        return self.path / "ports.json"

    @property
    def env(self) -> Path:
        return self.path / "env"

    @property
    def processes(self) -> Path:
        return self.path / "processes.json"

    @property
    def logins(self) -> Path:
        return self.path / "demo_logins.json"

    @property
    def keystores(self) -> Path:
        return self.path / "keys"

    @property
    def logs(self) -> Path:
        return self.path / "log"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def is_ours(self) -> bool:
        """Say whether the launcher made this folder, or its name says so."""
        by_name = self.path.parent == CHECKOUT and self.path.name.startswith(".state")
        return by_name or (self.path / SITE_NAME).exists()

    def create(self) -> None:
        """Make the folder, or check that the one there is ours to use.

        Root's is passable for everyone, because PostgreSQL runs in it as another user; the secrets in it
        have their own modes.

        Raises LaunchError when it is another user's, holds foreign files or cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            owner = self.path.stat().st_uid
            if owner != os.geteuid():
                raise LaunchError(
                    f"{self.path} belongs to user id {owner}, and you are {os.geteuid()}.",
                    fix="run as that user, or choose a folder of your own: STATE=/path ./alef.sh …",
                )
            if not self.is_ours() and any(self.path.iterdir()):
                raise LaunchError(
                    f"{self.path} holds files that ./alef.sh did not make.",
                    fix="point STATE at an empty or a new folder.",
                )
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for folder in (self.logs, self.path / "mail"):
                folder.mkdir(mode=0o700, exist_ok=True)
            write_atomic(self.path / SITE_NAME, SITE_TEXT)
        except OSError as error:
            raise LaunchError(
                f"cannot write {self.path}: {error.strerror}.",
                fix="make it writable, or choose another folder: STATE=/path ./alef.sh …",
            ) from error

    @contextmanager
    def held_for(self, purpose: str) -> Iterator[None]:
        """Hold STATE for one command. Raise LaunchError with the holder's name when it is taken."""
        try:
            with hold(self.lock, purpose):
                yield
        except LockedError as error:
            if error.holder is None:
                what = f"another ./alef.sh is just starting on {self.path}."
            else:
                since = datetime.fromtimestamp(error.holder.since, UTC).astimezone()
                what = (
                    f"./alef.sh {error.holder.purpose} already runs here: pid {error.holder.process.pid}, "
                    f"since {since:%H:%M:%S}, on {self.path}."
                )
            raise LaunchError(what, fix="stop it with ./alef.sh down, or use another STATE.") from error


def nobody() -> User:
    """Return the unprivileged user that stands in for root."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise LaunchError(
            "PostgreSQL refuses to run as root, and there is no user nobody.",
            fix="run as an ordinary user, or set DATABASE_URL and its two companions.",
        ) from error
    return User(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def can_enter(user: User, folder: Path) -> bool:
    """Say whether a user may pass through a folder and all above it, by letting the user try.

    Call as root. A folder that does not exist yet counts as its nearest parent that does.
    """
    while not folder.exists():
        folder = folder.parent
    try:
        attempt = subprocess.run(
            ["/bin/sh", "-c", 'cd -P -- "$1"', "sh", str(folder)],
            check=False,
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
        )
    except OSError:
        return False
    return attempt.returncode == 0


def locate(environ: Mapping[str, str], *, suffix: str = "") -> State:
    """Find STATE: the environment's, else `.state` in the checkout, else a temporary folder.

    The temporary one, named after user and path, is for root in a checkout that the user nobody cannot
    enter. `suffix` names the state of another purpose beside the first ("-test").

    Raises LaunchError when the environment asks for a folder that cannot work.
    """
    root = os.geteuid() == 0
    if environ.get("STATE"):
        path = Path(environ["STATE"] + suffix).absolute()
        if root and not can_enter(nobody(), path.parent):
            raise LaunchError(
                f"PostgreSQL runs as the user nobody, who cannot enter {path.parent}.",
                fix="choose a STATE below a passable folder, for example STATE=/var/tmp/alef",
            )
        return State(path)
    if not root or can_enter(nobody(), CHECKOUT):
        return State(CHECKOUT / f".state{suffix}")
    return State(_shared_temporary() / (_temporary_name(CHECKOUT) + suffix))


def _temporary_name(checkout: Path) -> str:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", str(checkout)).strip("-").lower()[-40:]
    mark = hashlib.sha256(str(checkout).encode()).hexdigest()[:8]
    return f"alef-{getpass.getuser()}-{slug}-{mark}"


def _shared_temporary() -> Path:
    """Return a temporary folder that nobody may enter and run programs in; /var/tmp outlives a reboot."""
    for folder in (Path("/var/tmp"), Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - owner is checked
        if folder.is_dir() and can_enter(nobody(), folder) and not os.statvfs(folder).f_flag & os.ST_NOEXEC:
            return folder
    raise LaunchError(
        "found no temporary folder that the user nobody may enter and run programs in.",
        fix="set STATE to such a folder.",
    )
