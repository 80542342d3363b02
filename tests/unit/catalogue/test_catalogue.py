"""An installation as data: its folder over the packaged defaults, all faults in one message (S3, G4, N4)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from models.catalogue import Catalogue, Policy, load_catalogue
from models.catalogue.files import DEFAULTS, FILES
from models.domain.errors import Misconfigured
from models.domain.team import domain, team
from models.settings import Settings
from tests.catalogues import demonstration, packaged

COMPANY = """
[[entity]]
id = "ACME-DE"
name = "Acme GmbH"
country = "DE"
currency = "EUR"
zone = "Europe/Berlin"
"""
SYSTEM = """
[[system]]
name = "sap"
vendor = "sap"
role = "erp"
"""


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path


def loaded(tmp_path: Path, environment: str = "sandbox", **files: str) -> Catalogue:
    found = {"catalogue": folder(tmp_path, **files), "environment": environment}
    return load_catalogue(Settings.model_validate(found), {})


def refused(tmp_path: Path, **files: str) -> str:
    with pytest.raises(Misconfigured) as error:
        loaded(tmp_path, **files)
    return str(error.value)


@pytest.mark.req("G4")
def test_nothing_of_the_demonstration_is_packaged() -> None:
    """The defaults name no system, no company and nothing of the sandbox's firm; the demonstration brings its own."""
    assert not packaged().systems and not packaged().legal_entities
    text = "".join(path.read_text(encoding="utf-8") for path in DEFAULTS.glob("*.toml"))
    assert [word for word in ("NOV-", "Novalis", "sandbox", "127.0.0.1") if word in text] == []
    assert [system.name for system in demonstration().systems] == [
        "salesforce",
        "netsuite",
        "kantata",
        "planview",
        "workday",
    ]
    assert set(demonstration().legal_entities) == {"NOV-DE", "NOV-UK", "NOV-US"}


@pytest.mark.req("C2", "C9", "N4")
def test_an_installation_may_only_watch(tmp_path: Path) -> None:
    """Log files, a broker or a rule that is on are something to do; presets that nobody switched on are not."""
    assert packaged().idle
    watching = {
        "logs": '[[log]]\nname = "a"\nfiles = ["/var/log/a/*.log*"]\n',
        "rules": '[[rule]]\nname = "billing"\npreset = "n8n"\n',
        "brokers": '[[broker]]\nname = "bus"\nurl = "ACME_BROKER"\nexchange = "tieout.events"\n',
    }
    for name, text in watching.items():
        (one := tmp_path / name).mkdir()
        found = loaded(one, **{name: text})
        assert not found.systems and not found.idle
    (off := tmp_path / "off").mkdir()
    assert loaded(off, rules=watching["rules"] + "active = false\n").idle


OF_A_FIRM = {"brokers.toml", "systems.toml", "roads.toml", "audiences.toml", "logs.toml", "maps.toml"}


def test_every_packaged_file_is_one_that_an_installation_may_bring() -> None:
    assert {path.name for path in DEFAULTS.glob("*.toml")} == set(FILES) - OF_A_FIRM


@pytest.mark.req("S3", "G4")
def test_an_entry_of_the_installation_takes_the_place_of_the_packaged_one(tmp_path: Path) -> None:
    flows = """
[[flow]]
name = "time-to-bill"
title = "Billing"
owner = "finance"
service_level_minutes = 60
active = false
"""
    ownership = """
[[rule]]
entity = "project"
attributes = ["*"]
owners = ["psa"]
why = "Delivery opens projects here."
"""
    teams = """
[[team]]
name = "Ledger people"
owners = ["finance"]
"""
    found = loaded(tmp_path, flows=flows, ownership=ownership, teams=teams, installation='reporting_currency = "CHF"')
    assert found.service_levels == {**packaged().service_levels, "time-to-bill": 3600.0}
    assert found.resting - packaged().resting == {"time-to-bill"} and packaged().resting == {"portfolio-actuals"}
    assert found.ownership.owner("project", "name", ("crm", "psa")) == "psa"
    assert found.ownership.owner("project", "status", ("crm", "psa", "erp")) == "erp", "a narrower rule still holds"
    assert team("finance", found.teams) == team("time-to-bill", found.teams) == "Ledger people"
    assert team("finance-operations", found.teams) == "Finance operations"
    assert (found.reporting_currency, packaged().reporting_currency) == ("CHF", "EUR")


def test_a_setting_still_beats_the_catalogues_reporting_currency() -> None:
    """The environment variable of 0.1.0 goes on working, and what it changes is a change of the catalogue."""
    found = load_catalogue(Settings.model_validate({"reporting_currency": "SEK"}))
    assert found.reporting_currency == "SEK" and found.digest != packaged().digest


@pytest.mark.req("S4")
def test_an_installation_may_add_a_kind_of_system(tmp_path: Path) -> None:
    roles = '[[role]]\nname = "lims"\ntitle = "Laboratory"\n'
    found = loaded(tmp_path, roles=roles, systems=SYSTEM.replace('"erp"', '"lims"'))
    assert found.systems[0].role == "lims" and found.roles["lims"] == "Laboratory"
    assert {"crm", "erp", "psa", "ppm", "hcm", "payroll", "procurement"} <= set(found.roles)


@pytest.mark.req("S7")
def test_the_narrowest_policy_wins_and_the_systems_own_beats_all(tmp_path: Path) -> None:
    policies = """
[[policy]]
environment = "production"
rate = 9.0
burst = 9
concurrency = 9
timeout = 9.0
[[policy]]
role = "erp"
rate = 8.0
burst = 8
concurrency = 8
[[policy]]
environment = "production"
role = "erp"
rate = 7.0
burst = 7
"""
    own = SYSTEM + "[system.policy]\nrate = 6.0\n"
    (system,) = loaded(tmp_path, "production", policies=policies, systems=own).systems
    assert system.policy == Policy(rate=6.0, burst=7, concurrency=8, timeout=9.0)
    (system,) = loaded(tmp_path, "sandbox", policies=policies, systems=own).systems
    assert system.policy == Policy(rate=6.0, burst=8, concurrency=8)


@pytest.mark.req("G4")
def test_a_company_has_its_days(tmp_path: Path) -> None:
    calendars = '[[calendar]]\nname = "bank"\nweekend = ["friday"]\nholidays = [2026-12-24]\n'
    company = loaded(tmp_path, entities=COMPANY + 'calendar = "bank"\n', calendars=calendars).legal_entities["ACME-DE"]
    assert (company.currency, company.zone.key, company.country) == ("EUR", "Europe/Berlin", "DE")
    days = [date(2026, 12, day) for day in (23, 24, 25, 26)]
    assert [company.calendar.works(day) for day in days] == [True, False, False, True]
    assert "ACME-DE" in loaded(tmp_path, entities=COMPANY).legal_entities, "without a calendar: weekdays"


@pytest.mark.req("N4")
def test_all_faults_of_all_files_come_in_one_message_with_file_and_entry(tmp_path: Path) -> None:
    said = refused(
        tmp_path,
        systems=SYSTEM + 'legal_entities = ["ACME-US"]\n',
        entities=COMPANY.replace("Europe/Berlin", "Europe/Atlantis").replace('"EUR"', '"euro"')
        + 'calendar = "lunar"\n',
        flows='[[flow]]\nname = "time-to-bill"\ntitle = "x"\nowner = "nobody"\nservice_level_minutes = 0\n'
        '[[flow]]\nname = "other"\ntitle = "x"\nowner = "nobody"\nservice_level_minutes = 5\n',
        ownership='[[rule]]\nentity = "zebra"\nattributes = ["*"]\nowners = ["boss"]\nwhy = "w"\n'
        '[[rule]]\nentity = "project"\nattributes = ["name"]\nowner = ["crm"]\nwhy = "w"\n',
        policies='[[policy]]\nrole = "erp"\nburst = 0\n',
        teams='[[team]]\nname = "A"\nowners = ["x"]\n[[team]]\nname = "B"\nowners = ["x"]\n',
        installation='reporting_currency = "euro"\ncolour = "red"\n',
        flow="",
    )
    for words in (
        "systems.toml: system sap: legal entities 'ACME-US' is none of ACME-DE: correct it, or add it to entities.toml",
        "entities.toml: entity ACME-DE: zone: 'Europe/Atlantis' is no time zone",
        "entities.toml: entity ACME-DE: currency: ",
        "flows.toml: flow time-to-bill: service_level_minutes: Input should be greater than 0",
        "flows.toml: flow other: owner 'nobody' is none of ",
        "ownership.toml: rule zebra *: entity: 'zebra' is no business object",
        "ownership.toml: rule project name: owners missing",
        "unknown key owner: use entity, attributes, owners, why, legal_entities",
        "policies.toml: policy */erp: burst: Input should be greater than or equal to 1",
        "teams.toml: team A: x belongs to several teams",
        "installation.toml: reporting_currency",
        "installation.toml: unknown key colour",
        "flow.toml is no file of a catalogue: use installation.toml",
    ):
        assert words in said


@pytest.mark.req("N4")
@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"entities": COMPANY + 'calendar = "lunar"\n'}, "calendar 'lunar' is none of weekdays"),
        ({"ownership": '[[rule]]\nentity = "project"\nattributes = ["a"]\nowners = ["boss"]\nwhy = "w"\n'}, "'boss'"),
        ({"policies": '[[policy]]\nrole = "boss"\nrate = 1.0\n'}, "role 'boss'"),
        ({"roles": "[[role]]\nname = 'a'\ntitle = 'A'\n[[role]]\nname = 'a'\ntitle = 'A'\n"}, "role a is named twice"),
        ({"calendars": '[[calendar]]\nname = "c"\nweekend = ["sunnyday"]\n'}, "weekend.0"),
        ({"flows": "[flow]\nname = 'x'\n"}, r"has no \[\[flow\]\]"),
        ({"flows": "flows = []\n[[flow]]\nname = 'x'\n"}, r"unknown key flows: use \[\[flow\]\]"),
        ({"teams": "[[team"}, "is no TOML"),
    ],
)
def test_a_single_fault_is_refused(tmp_path: Path, files: dict[str, str], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        loaded(tmp_path, **files)


@pytest.mark.req("N4")
def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"no/where is no folder: give the catalogue's folder in TIEOUT_CATALOGUE"):
        load_catalogue(Settings.model_validate({"catalogue": Path("no/where")}))


@pytest.mark.req("G4")
def test_the_digest_tells_what_is_written_and_nothing_else(tmp_path: Path) -> None:
    """Secrets, the environment and the order of entries are no part of it; every entry that says something is."""
    one = loaded(tmp_path, systems=SYSTEM)
    again = loaded(tmp_path, "production", systems=SYSTEM)
    assert one.digest == again.digest and one.entries == again.entries
    other = loaded(tmp_path, systems=SYSTEM + "[system.policy]\nrate = 2.0\n")
    assert other.digest != one.digest
    assert {name for name in one.entries if one.entries[name] != other.entries[name]} == {"systems.toml sap"}


@pytest.mark.req("C3")
def test_webhooks_are_proved_by_a_scheme_of_the_catalogue(tmp_path: Path) -> None:
    """C3: an installation's own scheme is an entry; the variables are named, their values are nowhere."""
    scheme = '[[scheme]]\nname = "mine"\nkind = "header"\nheader = "x-mine"\n'
    hook = '[system.webhook]\nscheme = "mine"\nsecrets = ["MINE", "NEXT"]\n'
    [system] = loaded(tmp_path, webhooks=scheme, systems=SYSTEM + hook).systems
    assert system.webhook is not None
    assert (system.webhook.scheme.header, system.webhook.secrets) == ("x-mine", ("MINE", "NEXT"))


@pytest.mark.req("C3")
@pytest.mark.parametrize(
    ("scheme", "hook", "said"),
    [
        ('kind = "hmac-sha256"\nsigned = "{id}"\nid = "x-id"', "", "signed must hold {body}"),
        ('kind = "hmac-sha256"\ntimestamp = "x-at"', "", "what is not signed is no proof"),
        ('kind = "hmac-sha256"\nsigned = "{id}.{body}"', "", "what is not signed is no proof"),
        ('kind = "basic"\ntimestamp = "x-at"', "", "proves nothing"),
        ('kind = "header"', 'scheme = "other"\nsecrets = ["A"]', "webhook.scheme 'other' is none of"),
        ('kind = "header"', 'scheme = "mine"\nsecrets = ["p4ss word"]', "secrets"),
        ('kind = "header"', 'scheme = "mine"\nsecrets = []', "secrets"),
    ],
)
def test_a_scheme_that_proves_nothing_is_refused(tmp_path: Path, scheme: str, hook: str, said: str) -> None:
    webhook = f"{SYSTEM}[system.webhook]\n{hook}\n" if hook else SYSTEM
    found = refused(tmp_path, webhooks=f'[[scheme]]\nname = "mine"\n{scheme}\n', systems=webhook)
    assert said in found and "p4ss word" not in found


@pytest.mark.req("G1", "G4")
def test_a_domain_is_its_teams_and_a_flows_its_owners() -> None:
    found = packaged()
    assert found.domains == {"sales", "finance", "delivery", "portfolio", "people", "integration"}
    flows = ("quote-to-project", "time-to-bill", "master-data")
    assert [found.domain_of(flow) for flow in flows] == ["sales", "finance", "integration"]
    assert found.domain_of("finance") is found.domain_of("erp") is found.domain_of(None) is None, "these are no flows"
    teams = found.teams.playing({"netsuite": "erp", "ledger": "erp", "clock": "payroll"})
    assert [domain(owner, teams) for owner in ("netsuite", "ledger", "hcm", "time-to-bill", "clock", "", None)] == [
        *("finance", "finance", "people", "finance"),
        *(None, None, None),
    ]


@pytest.mark.req("G1", "G4")
def test_an_installation_names_its_own_domains(tmp_path: Path) -> None:
    """An entry in the place of a packaged one says all of it; a flow elsewhere is of the domain of its rule's owner."""
    own = """
[[team]]
name = "ERP team"
owners = ["erp"]

[[team]]
name = "Payroll"
owners = ["payroll"]
domain = "people"

[[team]]
name = "Books"
owners = ["finance-operations"]
domain = "books"
"""
    rules = """
[[rule]]
name = "acme"
preset = "n8n"
owner = "payroll"
"""
    found = loaded(tmp_path, teams=own, rules=rules)
    assert [domain(owner, found.teams) for owner in ("erp", "payroll", "finance", "finance-operations")] == [
        *(None, "people", "finance", "books")
    ]
    assert [found.domain_of(flow) for flow in ("time-to-bill", "acme/pay", "acme")] == ["books", "people", None]


@pytest.mark.parametrize("name", ["People", "peo.ple", "a@b", "*", ""])
def test_a_domain_is_a_word_that_a_group_can_carry(tmp_path: Path, name: str) -> None:
    said = refused(tmp_path, teams=f'[[team]]\nname = "x"\nowners = ["x"]\ndomain = "{name}"')
    assert "team x" in said and "domain" in said
