"""A throw-away RabbitMQ for the tests: Debian's, loopback only, with its own name, ports and folder, one a session."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from tests.unit.connectors.authority import Authority

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
USER, PASSWORD = "tieout", "a-passphrase-that-no-log-may-show"
START_SECONDS = 100.0
LARGEST = 256 * 1024
"""Bytes of a message that it takes."""
T = TypeVar("T")
_ERLANG = "+S 1:1 +sbwt none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
"""One scheduler that does not spin, no port mapper of its own, loopback alone."""


class Broker:
    """One node. `address` and `tls_address` are amqp:// and amqps:// without user and password; `authority` is the file
    of who signed its certificate.
    """

    def __init__(self, folder: Path, account: str | None) -> None:
        self._folder, self._account = folder, account
        self._port, self._tls_port, self._distribution, self._epmd_port = _free_ports(4)
        self.address = f"amqp://127.0.0.1:{self._port}"
        self.tls_address = f"amqps://127.0.0.1:{self._tls_port}"
        self.authority = folder / "authority.pem"
        self._epmd: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None
        self._configure()

    def start(self, waiting: bool = True) -> None:
        """Start it, where it does not run; with `waiting` until it answers."""
        if self._epmd is None:
            self._epmd = self._run("/usr/bin/epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1")
            _until_open(self._epmd_port)  # a node that finds none starts one, which would outlive us
        self._node = self._run(str(SERVER))
        if waiting:
            self.until_up()

    def until_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self._port):
            assert self._node is not None and self._node.poll() is None, self._log()
            assert time.monotonic() < deadline, self._log()
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would; its queues and what is durable in them stay."""
        if self._node is not None:
            os.killpg(self._node.pid, signal.SIGKILL)
            self._node.wait(20)
            self._node = None

    def close(self) -> None:
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait(20)

    def _configure(self) -> None:
        certificate, key = Authority(self._folder).issue("broker")
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = 127.0.0.1:{self._port}\n"
            f"listeners.ssl.default = 127.0.0.1:{self._tls_port}\n"
            f"ssl_options.certfile = {certificate}\n"
            f"ssl_options.keyfile = {key}\n"
            f"max_message_size = {LARGEST}\n"
            f"default_user = {USER}\ndefault_pass = {PASSWORD}\n"
        )
        (self._folder / "enabled_plugins").write_text("[].\n")
        if self._account:
            for path in (self._folder, *self._folder.iterdir()):
                shutil.chown(path, self._account)

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        account = self._account
        prefix = ["setpriv", f"--reuid={account}", f"--regid={_group(account)}", "--clear-groups"] if account else []
        with open(self._folder / "output", "ab") as output:
            return subprocess.Popen(
                [*prefix, *command],
                env=self._environment(),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _environment(self) -> Mapping[str, str]:
        here = str(self._folder)
        return {
            "PATH": os.environ["PATH"],
            "HOME": here,
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"tieout-{self._port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": f"{here}/mnesia",
            "RABBITMQ_LOG_BASE": f"{here}/log",
            "RABBITMQ_CONFIG_FILE": f"{here}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": f"{here}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{here}/enabled_plugins",
            "RABBITMQ_PID_FILE": f"{here}/pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG,
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def _log(self) -> str:
        return (self._folder / "output").read_text(errors="replace")[-4000:]


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """A running broker; skips where RabbitMQ is not installed."""
    if not SERVER.exists():
        pytest.skip("RabbitMQ is not installed: run `python -m tests.prepare` as root, or install rabbitmq-server")
    folder = Path(tempfile.mkdtemp(prefix="tieout-amqp-"))
    folder.chmod(0o755)
    running = Broker(folder, _account())
    try:
        running.start()
        yield running
    finally:
        running.close()
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> str | None:
    """The account to run as: Debian's own where we are root. None: as ourselves."""
    if os.geteuid() != 0:
        return None
    return "rabbitmq" if "rabbitmq" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def _group(account: str) -> int:
    return pwd.getpwnam(account).pw_gid


def _free_ports(number: int) -> list[int]:
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _until_open(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens at {port}"
            time.sleep(0.02)


def _answers(port: int) -> bool:
    """Whether a broker speaks there: to a greeting of another protocol it answers with its own."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"AMQP\x01\x01\x00\x0a")
            connection.settimeout(2)
            return connection.recv(4) == b"AMQP"
    except OSError:
        return False


class Speaker:
    """Who publishes to a broker and looks into its queues, one call after another."""

    def __init__(self, broker: Broker) -> None:
        self._address = broker.address.replace("://", f"://{USER}:{PASSWORD}@")

    def say(self, queue: str, *messages: aio_pika.Message) -> None:
        """Put messages into a queue, each confirmed by the broker."""

        async def saying(channel: AbstractChannel) -> None:
            await channel.declare_queue(queue, durable=True)
            for message in messages:
                await channel.default_exchange.publish(message, queue)

        self._asked(saying)

    def bind(self, queue: str, exchange: str, routing_key: str = "#", room: int | None = None) -> None:
        """Have a durable queue hear an exchange by topic; both are made where they are missing. A queue with `room` for
        so many messages refuses more.
        """
        full = None if room is None else {"x-max-length": room, "x-overflow": "reject-publish"}

        async def binding(channel: AbstractChannel) -> None:
            heard = await channel.declare_exchange(exchange, "topic", durable=True)
            await (await channel.declare_queue(queue, durable=True, arguments=full)).bind(heard, routing_key)

        self._asked(binding)

    def taken(self, queue: str) -> list[AbstractIncomingMessage]:
        """Take what a queue holds, in its order."""

        async def taking(channel: AbstractChannel) -> list[AbstractIncomingMessage]:
            held, found = await channel.declare_queue(queue, passive=True), list[AbstractIncomingMessage]()
            while (one := await held.get(no_ack=True, fail=False)) is not None:
                found.append(one)
            return found

        return self._asked(taking)

    def left(self, queue: str) -> int:
        """How many messages of a queue nobody has."""

        async def counting(channel: AbstractChannel) -> int:
            found = await channel.declare_queue(queue, durable=True)
            return int(found.declaration_result.message_count or 0)

        return self._asked(counting)

    def delete(self, queue: str) -> None:
        async def deleting(channel: AbstractChannel) -> None:
            await channel.queue_delete(queue)

        self._asked(deleting)

    def _asked(self, work: Callable[[AbstractChannel], Awaitable[T]]) -> T:
        async def asking() -> T:
            async with await aio_pika.connect(self._address, timeout=20) as connection:
                return await work(await connection.channel())

        return asyncio.run(asking())
