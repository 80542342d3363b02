"""What the tests need beyond Python, installed where we may: Chromium, PostgreSQL, RabbitMQ, strace and Node, as root
on Debian, and the locked packages of Node: an identity provider, and OpenTelemetry's SDKs for services and pages.

Elsewhere the tests that need them skip with a printed reason; in CI such a skip is a failure (`tests/conftest.py`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

WANTED = {
    "chromium": lambda: shutil.which("chromium") or shutil.which("chromium-browser"),
    "postgresql": lambda: (
        next(iter(Path("/usr/lib/postgresql").glob("*/bin/postgres")), None) or shutil.which("postgres")
    ),
    "strace": lambda: shutil.which("strace"),
    "nodejs": lambda: shutil.which("node"),
    "npm": lambda: shutil.which("npm"),
    "rabbitmq-server": lambda: Path("/usr/lib/rabbitmq/bin/rabbitmq-server").exists(),
}
HERE = Path(__file__).parent
LOCKED = (HERE / "browser" / "sign_in", HERE / "acceptance" / "collect" / "sdks")


def main() -> int:
    """Install what is missing; 0 also when we may not, since the tests say so themselves."""
    return _debian() or max(_node(folder) for folder in LOCKED)


def _node(folder: Path) -> int:
    """The locked packages of Node, unless they are there as locked."""
    installed, locked = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
    if not shutil.which("npm") or (installed.exists() and installed.stat().st_mtime >= locked.stat().st_mtime):
        return 0
    print(f"installing the packages of {folder.relative_to(HERE)} for the tests", flush=True)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--silent", "--ignore-scripts"]
    return subprocess.run(command, cwd=folder, check=False).returncode


def _debian() -> int:
    missing = [package for package, found in WANTED.items() if not found()]
    if not missing:
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(
            f"tests that need {', '.join(missing)} will skip: install them with your system's package manager",
            file=sys.stderr,
        )
        return 0
    print(f"installing {', '.join(missing)} for the tests", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update", "-q"], **quiet, check=False)
    done = subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing], **quiet, check=False)
    if "rabbitmq-server" in missing and shutil.which("systemctl"):  # the tests start their own
        subprocess.run(["systemctl", "disable", "--now", "rabbitmq-server"], **quiet, check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
