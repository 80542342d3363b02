"""Novalis, the firm of the sandbox: three legal entities, what they sell, whom they employ and at what rates."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Entity:
    """A legal entity; `level` scales the firm's list rates to its market and currency, `rate` is EUR for 1 unit."""

    id: str
    name: str
    country: str
    currency: str
    region: str
    tax_profile: str
    level: Decimal
    rate: Decimal


ENTITIES = (
    Entity("NOV-DE", "Novalis GmbH", "DE", "EUR", "DACH", "DE-STD-19", Decimal("1.00"), Decimal("1")),
    Entity("NOV-UK", "Novalis Ltd", "GB", "GBP", "UK & Ireland", "GB-STD-20", Decimal("0.88"), Decimal("1.1704")),
    Entity("NOV-US", "Novalis Inc", "US", "USD", "North America", "US-NEXUS", Decimal("1.18"), Decimal("0.9213")),
)
ENTITY = {entity.id: entity for entity in ENTITIES}

PRACTICES = {
    "Advisory": ("Strategy", "Operating Model"),
    "Implementation": ("ERP Implementation", "CRM Implementation"),
    "Managed Services": ("Application Operations", "Service Desk"),
    "Engineering": ("Data Engineering", "Integration Engineering"),
}
CENTRES = {"Advisory": "110", "Implementation": "220", "Managed Services": "330", "Engineering": "440"}

ROLES: dict[str, tuple[int, Decimal]] = {
    "Principal": (245, Decimal("0.56")),
    "Architect": (190, Decimal("0.60")),
    "Project Manager": (152, Decimal("0.63")),
    "Senior Consultant": (164, Decimal("0.62")),
    "Senior Engineer": (158, Decimal("0.65")),
    "Consultant": (126, Decimal("0.66")),
    "Engineer": (121, Decimal("0.69")),
    "Analyst": (94, Decimal("0.72")),
}
"""Role -> (list bill rate an hour in EUR, cost as a share of it): gross margins of 28 to 44 % at list price."""

TASKS = {
    "Advisory": ("Discovery", "Analysis", "Recommendation", "Steering"),
    "Implementation": ("Design", "Build", "Test and cut-over", "Project management"),
    "Managed Services": ("Run", "Change requests", "Service reviews"),
    "Engineering": ("Architecture", "Build", "Integration test", "Technical lead"),
}
SUBJECTS = {
    "Advisory": (
        "Target operating model",
        "Pricing strategy",
        "Cost-to-serve review",
        "Post-merger roadmap",
        "Procurement diagnostic",
    ),
    "Implementation": (
        "ERP roll-out",
        "CRM renewal",
        "Finance transformation",
        "Field service platform",
        "Warehouse system",
    ),
    "Managed Services": ("Application operations", "Service desk", "Release management", "Cloud run services"),
    "Engineering": ("Data platform", "Integration hub", "Customer portal", "Plant telemetry", "Pricing engine"),
}

GROUPS = (
    ("Halden Energy", ("Halden Grid", "Halden Renewables", "Halden Trading")),
    ("Brightwater Utilities", ("Brightwater Networks", "Brightwater Retail")),
    ("Castell Pharma", ("Castell Biologics", "Castell Diagnostics")),
    ("Marlow & Finch Insurance", ("Marlow & Finch Life",)),
    ("Orrin Logistics", ("Orrin Freight", "Orrin Contract Logistics", "Orrin Parcels")),
    ("Vantor Automotive", ("Vantor Drives", "Vantor Interiors")),
    ("Kestrel Aerospace", ("Kestrel Avionics",)),
    ("Silverlake Retail", ("Silverlake Stores", "Silverlake Online")),
    ("Ardent Telecom", ("Ardent Fibre",)),
    ("Nordhafen Shipping", ("Nordhafen Terminals",)),
    ("Quillon Bank", ("Quillon Leasing",)),
    ("Tessera Chemicals", ("Tessera Coatings",)),
)
"""Twelve client groups with 20 subsidiaries: 32 customers."""

SUFFIX = {"NOV-DE": "GmbH", "NOV-UK": "Ltd", "NOV-US": "Inc."}

FIRST = [
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Elena",
    "Felix",
    "Greta",
    "Hannah",
    "Ivan",
    "Julia",
    "Karim",
    "Lena",
    "Marco",
    "Nina",
    "Omar",
    "Paula",
    "Quentin",
    "Rosa",
    "Stefan",
    "Theresa",
    "Uwe",
    "Vera",
    "William",
    "Yara",
    "Zoe",
    "Aidan",
    "Bridget",
    "Callum",
    "Daisy",
    "Ewan",
    "Fiona",
    "Gareth",
    "Harriet",
    "Imogen",
    "Jack",
    "Kieran",
    "Lucy",
    "Morgan",
    "Niamh",
    "Oliver",
]
LAST = [
    "Adler",
    "Becker",
    "Carter",
    "Dietrich",
    "Evans",
    "Fischer",
    "Graham",
    "Hoffmann",
    "Ibrahim",
    "Jensen",
    "Keller",
    "Lambert",
    "Meier",
    "Novak",
    "Okafor",
    "Peters",
    "Quinn",
    "Richter",
    "Schubert",
    "Thompson",
    "Ullmann",
    "Vogel",
    "Walsh",
    "Xu",
    "Young",
    "Zimmermann",
    "Ahmed",
    "Brooks",
    "Collins",
    "Diaz",
    "Ellis",
    "Foster",
    "Griffin",
    "Hughes",
    "Irving",
    "Jordan",
]
