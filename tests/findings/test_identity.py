"""Who is who: a customer number and a worker number belong to the system that gave them."""

from __future__ import annotations

import pytest

from integrations.contracts import Role
from integrations.flows import flows
from tests.unit.flows import examples
from tests.unit.flows.harness import Firm


@pytest.mark.finding("C1a")
def test_numbers_that_differ_in_their_letters_are_two_customers():
    """0.1.0 kept only the digits: DE-1001 and UK-1001, of other names, countries and tax ids, became one customer.

    Wanted: two customers in the ERP.
    """
    firm = Firm(flows())
    firm.hear(examples.customer("001A", "DE-1001"))
    firm.hear(
        examples.customer(
            "001B", "UK-1001", name="Pemberton Foods Ltd", country="GB", tax_id="GB777", legal_entity_id="NOV-UK"
        )
    )
    names = sorted(change.body.name for change in firm.held(Role.ERP, "customer").values())
    assert names == ["Nordwind GmbH", "Pemberton Foods Ltd"], "the second company is the first one to the ERP"


@pytest.mark.finding("C1a")
def test_a_sale_is_set_up_under_the_company_that_bought():
    """0.1.0 set the project of UK-1001 up under DE-1001, whose digits are the same.

    Wanted: under its own customer, or not at all.
    """
    firm = Firm(flows())
    firm.hear(examples.customer("001A", "DE-1001"))
    firm.hear(examples.customer("001B", "UK-1001", name="Pemberton Foods Ltd", country="GB", tax_id="GB777"))
    firm.hear(examples.sale("PRJ-2002", customer_ref=examples.ref("customer", "001B")))
    (nordwind,) = (
        own
        for own, held in firm.targets["netsuite"].items()
        if getattr(held["change"].body, "name", None) == "Nordwind GmbH"
    )
    under = [change.refs.get("customer") for change in firm.held(Role.ERP, "project").values()]
    assert firm.targets["netsuite"][nordwind]["system_id"] not in under, "Pemberton's project stands under Nordwind"


@pytest.mark.finding("C1b")
def test_one_worker_number_in_two_hcms_is_two_people():
    """0.1.0 took a worker number alone as a person's id, so two HCMs' 1001 were one person.

    Wanted: two people in the ERP.
    """
    firm = Firm(flows())
    firm.hear(examples.person("1001", system="workday"))
    firm.hear(examples.person("1001", system="workday-uk", name="Charles Babbage", legal_entity_id="NOV-UK"))
    names = sorted(change.body.name for change in firm.held(Role.ERP, "resource").values())
    assert names == ["Ada Byron", "Charles Babbage"], "one of the two has taken the other's place"
