"""Machines that are network namespaces of this one, joined by a bridge: each can be cut off from all others."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


class Machines:
    """`here` is this machine's address, by which the others reach it; `network` is that of all of them."""

    def __init__(self) -> None:
        number = random.SystemRandom().randint(1, 250)
        self._prefix, self._tag = f"10.213.{number}", f"tt{number}x{os.getpid() % 10_000}"
        self.here, self.network = f"{self._prefix}.1", f"{self._prefix}.0/24"
        self._names: list[str] = []
        _ip("link", "add", self._tag, "type", "bridge")
        _ip("addr", "add", f"{self.here}/24", "dev", self._tag)
        _ip("link", "set", self._tag, "up")

    def add(self) -> str:
        """A machine more; its address, which names it."""
        self._names.append(name := f"{self._tag}n{len(self._names)}")
        address, ours, theirs = f"{self._prefix}.{10 + len(self._names)}", f"{name}a", f"{name}b"
        _ip("netns", "add", name)
        _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
        _ip("link", "set", ours, "master", self._tag, "up")
        for words in (("addr", "add", f"{address}/24", "dev", theirs), ("link", "set", theirs, "up")):
            _ip("-n", name, *words)
        _ip("-n", name, "link", "set", "lo", "up")
        return address

    def start(self, address: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
        """A process on that machine; its output goes to a file."""
        with log.open("wb") as output:
            return Process(
                ["ip", "netns", "exec", self._name(address), *command],
                env=dict(environment),
                stdout=output,
                stderr=output,
            )

    def cut_off(self, address: str) -> None:
        """Nothing reaches that machine any more, and nothing comes from it."""
        _ip("link", "set", f"{self._name(address)}a", "down")

    def close(self) -> None:
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", self._tag], capture_output=True, check=False)

    def _name(self, address: str) -> str:
        return self._names[int(address.rpartition(".")[2]) - 11]


Process = subprocess.Popen[bytes]


@contextmanager
def machines() -> Iterator[Machines]:
    """Machines that are gone at the end of the block; skips, and says why, where this one may make none."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2's `ip`")
    try:
        made = Machines()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
    try:
        yield made
    finally:
        made.close()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
