"""The catalogues that tests hand in: as packaged, and the demonstration's."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from models.catalogue import Catalogue, load_catalogue
from models.catalogue.files import read_files
from models.catalogue.logs import LogFormat, log_formats_of
from models.domain.delivery_proof import Scheme
from models.settings import Settings

DEMONSTRATION = Path(__file__).parents[1] / "integrations" / "sandbox" / "catalogue"


@cache
def packaged() -> Catalogue:
    """What an installation without files of its own has."""
    return load_catalogue(Settings.model_validate({"catalogue": None, "systems": None}))


@cache
def demonstration() -> Catalogue:
    """The sandbox firm's; its systems are described, not connected."""
    return load_catalogue(Settings.model_validate({"catalogue": DEMONSTRATION, "systems": None}))


@cache
def schemes() -> dict[str, Scheme]:
    """The packaged ways in which webhooks are proved."""
    return {one.name: Scheme(**one.model_dump()) for one in read_files(None, None).values("webhooks.toml")}


@cache
def packaged_formats() -> dict[str, LogFormat]:
    """The log formats that an installation has without files of its own."""
    return log_formats_of(read_files(None, None))
