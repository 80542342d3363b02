"""Where a broker is comes from the environment, and no fault repeats it (S5, G3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.brokers.reach import reaches
from models.catalogue import load_catalogue
from models.catalogue.broker import Broker
from models.domain.errors import Misconfigured
from models.settings import Settings

BUS = Broker("bus", "BUS", "in", ("clock",))
ENTRY = '[[broker]]\nname = "bus"\nurl = "BUS"\n'


def test_an_address_is_taken_apart() -> None:
    one, other = reaches(BUS, {"BUS": "amqps://us%2Fer:p%40ss%2Fword@mq.acme.example/%2Fbooks amqp://127.0.0.1"})
    assert (one.host, one.port, one.user, one.password, one.virtual_host) == (
        "mq.acme.example",
        5671,
        "us/er",
        "p@ss/word",
        "/books",
    )
    assert one.tls is not None and one.tls.check_hostname and other.tls is None
    assert (other.port, other.user, other.virtual_host) == (5672, "guest", "/")
    assert "p@ss" not in f"{one} {one!r}"


@pytest.mark.req("G3")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "set BUS to amqps://"),
        (" ", "set BUS to amqps://"),
        ("https://user:hush-hush@mq.acme.example", "begins with amqps://"),
        ("user:hush-hush@mq.acme.example", "begins with amqps://"),
        ("amqp://user:hush-hush@mq.acme.example", "beyond this machine"),
        ("amqps://user:hush-hush@mq.acme.example/?no_verify_ssl=1", "options are in brokers.toml"),
        ("amqps://user@mq.acme.example:hush-hush", "no address"),
        ("amqps://user:hush-hush@[mq", "no address"),
    ],
)
def test_a_fault_says_what_to_mend_and_nothing_else(given: str | None, said: str) -> None:
    with pytest.raises(Misconfigured, match="broker bus: ") as caught:
        reaches(BUS, {} if given is None else {"BUS": given})
    assert said in str(caught.value) and "hush" not in str(caught.value) and "acme" not in str(caught.value)


def test_a_certificate_that_is_missing_is_said() -> None:
    with pytest.raises(Misconfigured, match=r"ca_bundle or certificate: .*No such file"):
        reaches(Broker("bus", "BUS", "in", ("clock",), ca_bundle="/nowhere.pem"), {"BUS": "amqps://u:p@mq"})


@pytest.mark.req("G4")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "give a queue"),
        ('queue = "in"', "queue and sources go together"),
        ('queue = "in"\nsources = ["a/b"]', "sources"),
        ('queue = "in"\nsources = ["a"]\nclient_key = "k.pem"', "client_certificate and client_key"),
        ('queue = "in"\nsources = ["a"]\nprefetch = 0', "prefetch"),
        ('queue = "in"\nsources = ["a"]\nurls = "B"', "urls"),
    ],
)
def test_an_entry_that_would_do_nothing_is_refused(more: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "brokers.toml").write_text(ENTRY + more)
    with pytest.raises(Misconfigured, match=said):
        load_catalogue(Settings.model_validate({"catalogue": tmp_path}))


def test_a_broker_has_a_name_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "brokers.toml").write_text(ENTRY + 'queue = "in"\nsources = ["a"]\n')
    (tmp_path / "systems.toml").write_text('[[system]]\nname = "bus"\nvendor = "kantata"\nrole = "psa"\n')
    with pytest.raises(Misconfigured, match="a system has this name too"):
        load_catalogue(Settings.model_validate({"catalogue": tmp_path}))
