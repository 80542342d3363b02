"""A storm of webhooks while the collector is killed: what was acknowledged is followed once, counted by the vendor
(C3, E11, N4).
"""

from __future__ import annotations

import socket
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import orjson
import pytest
from standardwebhooks import Webhook as Reference

from integrations.engine import Engine
from models.domain.clock import SystemClock
from models.journal import open_journal
from tests.acceptance.collect.process import CollectorProcess
from tests.unit.engine.hooked import Hooked, payload
from tests.unit.engine.hostile import Hostile, event, posting_flow

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SENDERS, EACH = 4, 60
SYSTEMS = """[[system]]
name = "psa"
vendor = "kantata"
role = "psa"
base_url = "https://psa.example.com"
[system.webhook]
scheme = "standard-webhooks"
secrets = ["PSA_HOOK"]
"""


class Vendor:
    """Sends each delivery until it is acknowledged, from several threads; notes what was, and how often it was sent."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/webhooks/psa"
        self.acknowledged: list[str] = []
        self.sent: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(SENDERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)

    def until(self, count: int) -> None:
        deadline = time.monotonic() + 60
        while len(self.acknowledged) < count:
            assert time.monotonic() < deadline, dict(self.answers)
            time.sleep(0.002)

    def _run(self, sender: int) -> None:
        for number in range(EACH):
            key = f"{sender}-{number}"
            while not self._kept(key):
                time.sleep(0.05)
            self.acknowledged.append(key)

    def _kept(self, key: str) -> bool:
        body, now = orjson.dumps(payload(key)), SystemClock().now()
        headers = {
            "webhook-id": f"d-{key}",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Reference(SECRET).sign(f"d-{key}", now, body.decode()),
        }
        self.sent[key] += 1
        try:
            with urllib.request.urlopen(urllib.request.Request(self._address, body, headers), timeout=5) as answer:
                self.answers[answer.status] += 1
                return True
        except urllib.error.HTTPError as error:
            self.answers[error.code] += 1
        except OSError:
            self.answers[0] += 1
        return False


@pytest.mark.processes
@pytest.mark.req("C3", "E11", "N4")
def test_a_storm_with_kills_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """C3: killed twice between write and answer; the vendor sends again what was not answered, and each record is read
    and posted once.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "systems.toml").write_text(SYSTEMS)
    given = {"TIEOUT_SYSTEMS": str(tmp_path / "systems.toml"), "PSA_HOOK": SECRET, "TIEOUT_WEBHOOK_PORT": str(port)}
    collector, vendor = CollectorProcess(tmp_path / "home", **given), Vendor(port)
    try:
        collector.start()
        vendor.start()
        for part in (1, 2):
            vendor.until(part * SENDERS * EACH // 3)
            collector.kill()
            collector.start(ready=False)
        vendor.join()
        assert vendor.answers.keys() <= {0, 200, 503}, "a delivery that is in order is never refused for good"
        assert vendor.answers[0] >= 1 and sum(vendor.sent.values()) > len(vendor.sent)
        collector.until_ready()
        assert "new" in collector.health()["webhooks"]["psa"]
    finally:
        collector.close()
    wanted = {f"{sender}-{number}" for sender in range(SENDERS) for number in range(EACH)}
    assert sorted(vendor.acknowledged) == sorted(wanted)
    journal, psa, erp = open_journal(collector.settings.journal_address, SystemClock()), Hooked(), Hostile()
    psa.held = {key: event(key) for key in wanted}
    Engine(journal, [posting_flow()], [psa, erp], SystemClock()).drain()
    journal.close()
    assert set(psa.asked) == wanted and set(psa.asked.values()) == {1}
    assert erp.effects == Counter({f"{key}-v1": 1 for key in wanted})
