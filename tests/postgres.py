"""A throw-away PostgreSQL server for the tests: Debian's binaries, loopback only, one fresh database for each test."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

_NUMBERS = count(1)


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).parent if on_path else None


def _account() -> str | None:
    """The account to run the server as: PostgreSQL refuses root. None: as ourselves."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(account: str | None, *command: str) -> None:
    prefix = (
        ["setpriv", f"--reuid={account}", f"--regid={pwd.getpwnam(account).pw_gid}", "--clear-groups"]
        if account
        else []
    )
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, timeout=60, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a running server without a database's name; skips where PostgreSQL is not installed."""
    with running_server() as address:
        yield address


@contextmanager
def running_server(host: str = "127.0.0.1", neighbours: str | None = None) -> Iterator[str]:
    """A server that listens at `host`, and trusts whoever comes from the network `neighbours`; its address without a
    database's name. Skips where PostgreSQL is not installed.
    """
    binaries = _binaries()
    if binaries is None:
        pytest.skip(
            "PostgreSQL's server is not installed: run `python -m tests.prepare` as root, or install postgresql"
        )
    account, folder, port = _account(), Path(tempfile.mkdtemp(prefix="tieout-pg-")), _free_port()
    try:
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir()
        if account:
            shutil.chown(data, account)
            shutil.chown(folder, account)
        _run(
            account,
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C.UTF-8",
        )
        if neighbours:
            with open(data / "pg_hba.conf", "a") as file:
                file.write(f"host all all {neighbours} trust\n")
        options = f"-p {port} -c listen_addresses={host} -k {folder} -c fsync=off -c max_connections=100"
        _run(
            account, str(binaries / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start"
        )
        try:
            yield f"postgresql+psycopg://postgres@{host}:{port}"
        finally:
            _run(account, str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_database(server: str) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database that ends with the block."""
    name = f"t{next(_NUMBERS)}"
    admin = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield f"{server}/{name}"
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database that ends with the test."""
    with empty_database(postgres_server) as url:
        yield url
