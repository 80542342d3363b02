"""M2: identity rules hold for any spelling: they agree with themselves and do not depend on who is asked first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.identity import Verdict, customer_keys, normalised_name, project_keys, same_customer
from models.domain.keys import customer_id
from tests.any_text import any_text

NAMES = any_text(min_size=1, max_size=30)
CUSTOMERS = st.fixed_dictionaries(
    {
        "name": NAMES,
        "country": st.sampled_from(["DE", "GB", None]),
        "tax_id": st.sampled_from([None, "", "DE 1", "de-1", "GB2"]),
    }
)


@pytest.mark.req("M2")
@given(NAMES)
def test_a_normalised_name_is_its_own_normal_form(name: str) -> None:
    assert normalised_name(normalised_name(name)) == normalised_name(name)


@pytest.mark.req("M2")
@given(CUSTOMERS, CUSTOMERS)
def test_the_verdict_is_symmetric_and_found_by_the_keys(one: dict, other: dict) -> None:
    verdict = same_customer(one, other)
    assert verdict is same_customer(other, one)
    if verdict is not Verdict.DIFFERENT:
        assert set(customer_keys(one)) & set(customer_keys(other))


@pytest.mark.req("M2")
@given(CUSTOMERS)
def test_a_customer_is_never_different_from_itself(one: dict) -> None:
    assert same_customer(one, one) is not Verdict.DIFFERENT


@pytest.mark.req("M2")
@given(st.from_regex(r"[A-Z]{1,4}-?[0-9]{1,5}", fullmatch=True), any_text())
def test_ids_are_minted_alike_everywhere_and_codes_found_in_any_spelling(code: str, number: str) -> None:
    numbered = any(letter.isdecimal() for letter in number)
    assert (customer_id(number, "crm", code) == customer_id(number, "psa", "another")) is numbered, (
        "a number is the same in every system"
    )
    assert customer_id(None, "crm", code).startswith("C-")
    assert project_keys({"code": code}) == project_keys({"code": code.lower().replace("-", " ")})
