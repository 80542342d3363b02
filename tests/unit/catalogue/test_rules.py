"""Rules for flows that run elsewhere as the catalogue says them: faults are sentences, all in one message (C9, N4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.catalogue import Catalogue, load_catalogue
from models.domain.errors import Misconfigured
from models.domain.flow_rule import Source, source
from models.settings import Settings
from tests.unit.catalogue.test_catalogue import folder, loaded, refused

pytestmark = pytest.mark.req("C9", "N4")
READS = '[[rule]]\nname = "ours"\n[[rule.reads]]\ntells = "run"\nnames = ["job *"]\n'
FLOW = '[[flow]]\nname = "{}"\ntitle = "T"\nowner = "finance"\nservice_level_minutes = 5\nrunbook = "https://r"\n'


def test_a_rule_takes_the_readings_of_its_preset_and_its_own_word_comes_first(tmp_path: Path) -> None:
    said = 'preset = "n8n"\nkey = ["order"]\nservices = ["mine"]\nfailed = { "n8n.execution.status" = ["crashed"] }\n'
    (rule,) = loaded(tmp_path, rules=f'[[rule]]\nname = "ours"\n{said}').elsewhere.rules
    assert [(one.tells, one.services) for one in rule.readings] == [("run", ("mine",)), ("step", ("mine",))]
    assert rule.readings[0].told["key"][0] == Source("", "order")
    assert len(rule.readings[0].told["key"]) > 1, "and the preset's after it"
    assert rule.readings[0].failed == {"n8n.execution.status": ("crashed",)}


def test_a_flow_of_a_rule_has_terms_of_its_own_and_is_no_flow_of_the_engine(tmp_path: Path) -> None:
    catalogue = loaded(tmp_path, rules=READS, flows=FLOW.format("ours/Orders"))
    terms = catalogue.elsewhere.flows["ours/Orders"]
    assert (terms.service_level, terms.owner, terms.runbook) == (300.0, "finance", "https://r")
    assert "time-to-bill" not in catalogue.elsewhere.flows


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("order.id", Source("", "order.id")),
        ("resource:tenant", Source("resource:", "tenant")),
        ("baggage:business.key", Source("baggage:", "business.key")),
        ("body:order.lines[0].id", Source("body:", "order.lines[0].id")),
        ("=EUR", Source("=", "EUR")),
        ("@name ~ ^Run:(.+)", Source("@", "name", "^Run:(.+)")),
    ],
)
def test_a_source_is_a_word(text: str, found: Source) -> None:
    assert source(text) == found


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ('[[rule]]\nname = "x"\n', "give a preset, or [[rule.reads]] of its own"),
        ('[[rule]]\nname = "x"\npreset = "n9n"\n', "preset 'n9n' is none of"),
        ('[[rule]]\nname = "X/y"\npreset = "n8n"\n', "name: "),
        ('[[rule]]\nname = "x"\npreset = "n8n"\nowner = "nobody"\n', "owner 'nobody' is none of"),
        (READS.replace('names = ["job *"]\n', ""), "it would fit everything that is sent"),
        (READS + 'nmes = ["x"]\n', "unknown key reads.0.nmes: use "),
        (READS + 'signal = "logs"\n', "a log has no name"),
        (READS + 'events = ["x"]\n', "a span has no event name"),
        (READS.replace('"run"', '"step"'), "a step needs sources of its name"),
        (READS + 'key = ["@nme"]\n', "is nothing that a span or a log has"),
        (READS + 'key = ["@name ~ ("]\n', "is no regular expression"),
        (READS + 'key = ["body:a b"]\n', "is no path in a JSON body"),
        (READS + "key = ['a\"b']\n", "names no source"),
        (READS.replace("job *", "a[b"), "reads.0.names.0: "),
    ],
)
def test_what_cannot_work_is_said_at_the_start(tmp_path: Path, rules: str, said: str) -> None:
    assert said in refused(tmp_path, rules=rules)


def test_terms_of_a_flow_whose_rule_is_not_there_are_refused(tmp_path: Path) -> None:
    assert "no rule is called 'nobodys'" in refused(tmp_path, flows=FLOW.format("nobodys/Orders"))


REPLAY = READS.replace("[[rule.reads]]", '[rule.replay]\nurl = "{}"\nsecret = "OURS"\n{}\n[[rule.reads]]')


def with_endpoint(tmp_path: Path, rules: str, secret: str = "whsec_" + "A" * 32) -> Catalogue:
    given = {"catalogue": folder(tmp_path, rules=rules, flows=FLOW.format("ours/Orders"))}
    return load_catalogue(Settings.model_validate(given), {"OURS": secret})


def test_an_endpoint_is_called_as_a_system_is_and_gently_where_nobody_says_how(tmp_path: Path) -> None:
    said = 'preview = "https://e.example/see"\nwithin_minutes = 30\n[rule.replay.policy]\nrate = 2.0\n'
    rules = REPLAY.format("https://e.example/again", said)
    catalogue = with_endpoint(tmp_path, rules)
    found = catalogue.endpoints["ours"]
    assert (found.system.name, found.system.base_url) == ("ours/replay", "https://e.example/again")
    assert (found.system.policy.rate, found.system.policy.concurrency) == (2.0, 2)
    assert catalogue.endpoint_of("ours/Orders") is found and catalogue.endpoint_of("theirs/Orders") is None
    assert catalogue.patience("ours/Orders") == 1800.0
    (rule,) = catalogue.elsewhere.rules
    assert rule.replayed and rule.replay_within == 1800.0


@pytest.mark.parametrize("secret", ["hello", "whsec_c2hvcnQ="])
def test_a_secret_that_can_sign_nothing_is_said_at_the_start_and_never_shown(tmp_path: Path, secret: str) -> None:
    with pytest.raises(Misconfigured, match="OURS is no secret of Standard Webhooks") as refused:
        with_endpoint(tmp_path, REPLAY.format("https://e.example/again", ""), secret)
    assert secret not in str(refused.value)


def test_without_a_time_of_its_own_the_service_level_of_the_flow_counts(tmp_path: Path) -> None:
    rules = REPLAY.format("http://127.0.0.1:1880/again", "")
    catalogue = with_endpoint(tmp_path, rules)
    assert (catalogue.patience("ours/Orders"), catalogue.patience("ours/Others")) == (300.0, 86_400.0)


@pytest.mark.parametrize(
    ("url", "more", "said"),
    [
        ("http://e.example/again", "", "url"),
        ("https://ada:pw@e.example/again", "", "url holds credentials"),
        ("https://e.example/again", 'preview = "https://other.example/see"', "preview must be on e.example, too"),
        ("https://e.example/again", 'preview = "https://e.example:8443/see"', "preview must be on e.example, too"),
        ("https://e.example/again", "[rule.replay.policy]\nrate = 0", "policy"),
        ("https://e.example/again", "secrte = 1", "unknown key replay.secrte"),
        ("", "", "url"),
    ],
)
@pytest.mark.req("G3")
def test_an_address_that_must_not_be_called_is_said_at_the_start(
    tmp_path: Path, url: str, more: str, said: str
) -> None:
    """G3: what is signed goes over TLS or stays on this machine, to one host, and no address holds credentials."""
    assert said in refused(tmp_path, rules=REPLAY.format(url, more))


@pytest.mark.parametrize("page", ["ftp://e.example/{run}", "https://e.example/{secret}", "https://e.example/{run"])
def test_a_page_holds_what_is_told_of_a_run_alone(tmp_path: Path, page: str) -> None:
    assert "page" in refused(tmp_path, rules=READS.replace("[[rule.reads]]", f'page = "{page}"\n[[rule.reads]]'))
