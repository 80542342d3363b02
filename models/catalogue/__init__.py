"""An installation as data: systems, flows, owners, policies, companies; packaged defaults beneath the installation's
own folder.
"""

from models.catalogue.catalogue import IDLE, Books, Calendar, Catalogue, Elsewhere, FlowTerms, LegalEntity
from models.catalogue.loading import load_catalogue
from models.catalogue.role import Role
from models.catalogue.system import Policy, SystemConfig, Transport

__all__ = [
    "IDLE",
    "Books",
    "Calendar",
    "Catalogue",
    "Elsewhere",
    "FlowTerms",
    "LegalEntity",
    "Policy",
    "Role",
    "SystemConfig",
    "Transport",
    "load_catalogue",
]
