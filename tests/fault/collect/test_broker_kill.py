"""A storm of messages while the collector, the engine and the broker are killed: each event is posted once, counted by
its target, and goes out again to a subscriber, known by its id (E11, E12, S6, N4).
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import aio_pika
import orjson
import pytest

from collectors.brokers.binding import STRUCTURED
from integrations.engine import Engine
from models.domain.clock import SystemClock
from models.journal import Journal, open_journal
from tests.acceptance.collect.process import CollectorProcess
from tests.fault.engine.test_inbox_kill import Worker
from tests.rabbitmq import PASSWORD, USER, Broker, Speaker
from tests.unit.engine.hostile import Hostile, event, posting_flow

MESSAGES = int(os.environ.get("BROKER_STORM", "600"))
"""`BROKER_STORM=20000 pytest --timeout=3600 …` for the long form."""
PATIENCE = 110 + MESSAGES / 20
POISON = -(-MESSAGES // 50)
QUEUE, HEARD = "storm", "storm.heard"
ENTRY = f"""[[broker]]
name = "bus"
url = "BUS"
queue = "{QUEUE}"
prefetch = 20
exchange = "{QUEUE}.out"
sources = ["psa"]
"""


class Publisher:
    """Sends each event until the broker has confirmed it, every tenth twice and every fiftieth as something else."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.confirmed: list[str] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), len(self.confirmed)

    async def _all(self) -> None:
        while len(self.confirmed) < MESSAGES:
            try:
                async with await aio_pika.connect(self._address, timeout=5) as connection:
                    channel = await connection.channel()
                    await channel.declare_queue(QUEUE, durable=True)
                    while len(self.confirmed) < MESSAGES:
                        await self._one(channel, len(self.confirmed))
            except Exception:  # noqa: BLE001 - the broker is being restarted
                await asyncio.sleep(0.05)

    async def _one(self, channel: aio_pika.abc.AbstractChannel, number: int) -> None:
        body = orjson.dumps(event(str(number)).model_dump(mode="json"))
        bodies = [body] * (2 if number % 10 == 0 else 1) + ([b"<poison %d/>" % number] if number % 50 == 0 else [])
        for one in bodies:
            message = aio_pika.Message(
                one, content_type=STRUCTURED, message_id=str(number), delivery_mode=aio_pika.DeliveryMode.PERSISTENT
            )
            await channel.default_exchange.publish(message, QUEUE, timeout=10)
        self.confirmed.append(str(number))


@pytest.mark.processes
@pytest.mark.req("E11", "E12", "S6", "N4")
def test_a_storm_with_kills_loses_and_doubles_nothing(broker: Broker, tmp_path: Path) -> None:
    """E11, E12: collector and engine are killed twice each, the broker once; what it confirmed is posted once."""
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "brokers.toml").write_text(ENTRY)
    address = broker.address.replace("://", f"://{USER}:{PASSWORD}@")
    given = {"TIEOUT_CATALOGUE": str(tmp_path / "catalogue"), "BUS": address}
    collector, publisher = CollectorProcess(tmp_path / "home", **given), Publisher(address)
    journal_url, ledger = collector.settings.journal_address, tmp_path / "ledger"
    deadline = time.monotonic() + PATIENCE
    speaker, heard = Speaker(broker), Counter[str | None]()
    speaker.bind(HEARD, f"{QUEUE}.out")
    try:
        collector.start()
        journal, erp = open_journal(journal_url, SystemClock()), Hostile()

        def taken(count: int) -> int:
            while (found := len(_rows(journal, "source, item_id from inbox"))) < count:
                assert time.monotonic() < deadline, f"{found} of {count}: {collector.log()}"
                time.sleep(0.002)
            return found

        with Worker(journal_url, "engine", ledger):
            publisher.start()
            cut = taken(MESSAGES // 4)
            collector.kill()
            broker.kill()
        assert cut < MESSAGES, "it ended in the midst"
        collector.start(ready=False)
        with Worker(journal_url, "engine", ledger):
            broker.start()
            taken(MESSAGES // 2)
            collector.kill()
        collector.start(ready=False)
        publisher.join()
        taken(MESSAGES + POISON)
        Engine(journal, [posting_flow()], [erp], SystemClock()).drain()
        while len(heard) < MESSAGES:
            assert time.monotonic() < deadline, f"{len(heard)} {collector.health()} {collector.log()}"
            heard.update(one.message_id for one in speaker.taken(HEARD))
            time.sleep(0.2)
        collector.until_ready()
        assert PASSWORD not in f"{collector.health()} {collector.log()}"
        assert collector.terminate() == 0
    finally:
        collector.close()
    assert speaker.left(QUEUE) == 0, "all is acknowledged"
    runs = _rows(journal, "business_key, state from run")
    journal.close()
    dead = [key for key, state in runs if state == "dead"]
    keys = Counter(key for key, state in runs if state != "dead")
    assert keys == Counter({f"time_entry:{number}": 1 for number in range(MESSAGES)})
    assert len(dead) == POISON, "each message that is none is one dead letter"
    assert set(heard) == {f"{number}-1" for number in range(MESSAGES)}
    print(f"{sum(heard.values()) - len(heard)} of {MESSAGES} went out twice, by the same id")
    assert erp.effects == Counter({f"{number}-v1": 1 for number in range(MESSAGES)})


def _rows(journal: Journal, what: str) -> Sequence[tuple[str, str]]:
    with journal.engine.connect() as connection:
        return [(one, other) for one, other in connection.exec_driver_sql(f"select {what}")]
