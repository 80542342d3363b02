"""A role: the kind of system that another layer asks for without knowing its vendor (S4)."""

from __future__ import annotations

from typing import ClassVar


class Role(str):
    """A kind of system, by its name in the catalogue's `roles.toml`; an installation may add kinds.

    The constants are the kinds that the packaged flows name, so that a flow reads `Role.ERP`; any other kind is
    `Role("…")`.
    """

    __slots__ = ()

    CRM: ClassVar[Role]
    ERP: ClassVar[Role]
    PSA: ClassVar[Role]
    PPM: ClassVar[Role]
    HCM: ClassVar[Role]


Role.CRM, Role.ERP, Role.PSA, Role.PPM, Role.HCM = (Role(name) for name in ("crm", "erp", "psa", "ppm", "hcm"))
