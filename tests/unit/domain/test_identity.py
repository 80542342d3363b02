"""M2: when two records name one customer, and ids that follow from what a source says."""

import pytest

from models.domain import keys
from models.domain.identity import (
    Verdict,
    customer_keys,
    normalised_name,
    normalised_tax_id,
    project_keys,
    same_customer,
    same_person,
)


@pytest.mark.req("M2")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller & Söhne GmbH", "MULLER SOHNE"),
        ("Acme, Inc.", "acme"),
        ("Straße AG", "Strasse"),
        ("Halden G.m.b.H.", "Halden GmbH"),
        ("Quillon, Inc.", "Quillon Inc"),
        ("Ltd", "LTD"),
    ],
)
def test_spellings_of_one_name_agree(one: str, other: str) -> None:
    assert normalised_name(one) == normalised_name(other) != ""


@pytest.mark.req("M2")
def test_a_tax_id_decides_and_a_name_only_raises_a_suspicion() -> None:
    acme = {"name": "Acme Ltd", "country": "GB", "tax_id": "GB 123"}
    assert same_customer(acme, {"name": "Other", "country": "FR", "tax_id": "gb-123"}) is Verdict.SAME
    assert same_customer(acme, {"name": "ACME", "country": "GB", "tax_id": "GB 999"}) is Verdict.DIFFERENT
    assert same_customer(acme, {"name": "ACME", "country": "GB"}) is Verdict.SUSPECTED
    assert same_customer(acme, {"name": "ACME", "country": "DE"}) is Verdict.DIFFERENT


@pytest.mark.req("M2")
def test_identity_keys_find_what_the_verdict_would_compare() -> None:
    assert customer_keys({"name": "Acme Ltd", "country": "GB", "tax_id": "GB 123"}) == ("tax:GB123", "name:acme|GB")
    assert project_keys({"code": "prj 1001"}) == project_keys({"code": "PRJ-1001"})
    assert normalised_tax_id(" - ") is None
    assert project_keys({"code": "PRJ-1-1"}) != project_keys({"code": "PRJ-11"})
    assert project_keys({"code": "#1"}) == project_keys({"code": " 1 "})


@pytest.mark.req("M2")
def test_a_person_is_known_by_their_address_or_by_name_and_day_and_never_by_a_number() -> None:
    ada = {"number": "1001", "name": "Ada Byron", "email": "ada@firm.example", "hired_on": "2020-01-01"}
    assert same_person(ada, {"number": "7", "name": "A. Byron", "email": "ADA@firm.example"})
    assert same_person(ada, {"number": "7", "name": "ADA BYRON", "hired_on": "2020-01-01"})
    assert not same_person(ada, {"number": "1001", "name": "Ada Byron", "hired_on": "2021-01-01"})
    assert not same_person(ada, {**ada, "email": "byron@firm.example"})
    assert not same_person({"name": "Ada Byron"}, {"name": "Ada Byron"})


@pytest.mark.req("M2", "E1")
def test_ids_follow_from_what_the_source_says() -> None:
    assert keys.customer_id("001042", "salesforce", "001A") == "C-001042"
    assert keys.customer_id(" de-1001 ", "salesforce", "001A") == "C-DE-1001"
    assert keys.customer_id("UK-1001", "salesforce", "001B") == "C-UK-1001"
    odd = {keys.customer_id(number, "salesforce", "001A") for number in ("NW-1/23", "NW-12/3", "NW-1 23", "\ud83d1")}
    assert len(odd) == 4 and all(len(one) == 10 for one in odd), "every character counts"
    minted = keys.customer_id(None, "salesforce", "001A")
    assert minted == keys.customer_id("none", "salesforce", "001A") and len(minted) == 10
    assert minted != keys.customer_id(None, "other", "001A")
    assert keys.contract_id("PRJ-1") == "CT-PRJ-1" and keys.time_entry_id("kantata", "27") == "TE-kantata-27"
    assert (
        keys.expense_id("kantata", "9") == "EX-kantata-9"
        and keys.resource_id("E-1") == "E-1"
        and keys.project_id("P") == "P"
    )
    assert keys.reversal_id(keys.posting_id("TE-kantata-27", 2)) == "TE-kantata-27-v2-R"
    with pytest.raises(ValueError, match="count from 1"):
        keys.posting_id("TE-kantata-27", 0)
