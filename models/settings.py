"""Every setting, read from the environment in this one place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.data_address import data_address
from models.domain.errors import Misconfigured


class Settings(BaseSettings):
    """Settings of one installation; each is `TIEOUT_<NAME>` in the environment. Paths may be relative."""

    model_config = SettingsConfigDict(env_prefix="TIEOUT_", frozen=True)

    home: Path = Path("var")
    environment: str = Field("sandbox", description="sandbox or production: names the throttling and retry policy")
    journal_url: str | None = Field(None, description="SQLAlchemy URL; default: SQLite in the home")
    lake_catalog: str | None = Field(
        None, description="path of the SQLite catalogue, or postgres:…; default: in the home"
    )
    lake_data: Annotated[str, AfterValidator(data_address)] | None = Field(
        None, description="folder, file:/// or s3://bucket/folder of the data files; default: in the home"
    )
    duckdb_extensions: Path | None = Field(
        None, description="folder of DuckDB's extensions with their SHA256SUMS, in place of the installed wheels"
    )
    catalogue: Path | None = Field(None, description="folder of the installation's catalogue; default: as packaged")
    systems: Path | None = Field(None, description="systems file in place of the catalogue's own")
    world_clock: Path | None = Field(None, description="clock file of the demonstration; default: the system's clock")
    host: str = Field("127.0.0.1", description="where the console listens")
    otlp_host: str = Field("127.0.0.1", description="where the collector listens, an address of its own")
    collector_url: str | None = Field(None, description="where engines send; default: the collector's own address")
    otlp_port: int = Field(4318, ge=1, le=65535)
    grpc: bool = Field(True, description="whether the collector takes OTLP over gRPC")
    grpc_port: int = Field(4317, ge=1, le=65535)
    console_port: int = Field(8501, ge=1, le=65535)
    console_cert: Path | None = Field(None, description="certificate chain of the console's port (PEM)")
    console_key: Path | None = Field(None, description="its private key (PEM)")
    console_proxy: str = Field("", description="addresses of the proxy on another machine that ends the console's TLS")
    console_url: str | None = Field(
        None, description="the console's address as people open it, for links in alerts; default: where it listens"
    )
    sandbox_port: int = Field(8600, ge=1, le=65535)
    webhook_host: str = Field("127.0.0.1", description="where the collector listens for webhooks")
    webhook_port: int = Field(8502, ge=1, le=65535)
    webhook_cert: Path | None = Field(None, description="certificate chain of the port of webhooks (PEM)")
    webhook_key: Path | None = Field(None, description="its private key (PEM)")
    webhook_proxy: str = Field("", description="addresses of the proxy that ends TLS before the port of webhooks")
    webhook_hosts: str = Field("", description="names by which vendors call the port of webhooks")
    webhook_body_kib: int = Field(1024, ge=1, description="largest body of a webhook")
    reporting_currency: str | None = Field(
        None, pattern=r"^[A-Z]{3}$", description="in place of the catalogue's reporting currency"
    )
    poll_seconds: float = Field(1.0, gt=0, description="wall seconds between polls of a source")
    rest_seconds: float = Field(
        3.0, gt=0, description="longest wall seconds between polls of a source while nothing comes from it"
    )
    detect_seconds: float = Field(5.0, gt=0, description="wall seconds between detector runs")
    detect_limit_seconds: float = Field(
        600.0, gt=0, description="longest turn of marts and detectors before it is ended"
    )
    detect_memory_mib: int = Field(
        256, ge=128, description="memory of marts and detectors: more, 512 or 1024 say, from 100,000 time entries on"
    )
    read_limit_seconds: float = Field(300.0, gt=0, description="longest reading statement before it is ended")
    journal_days: float = Field(
        90.0, ge=1, description="days after which what an ended run carried leaves the journal for the audit lake alone"
    )
    snapshot_seconds: float = Field(5.0, gt=0, description="wall seconds between system snapshots")
    commit_seconds: float = Field(1.0, gt=0, description="longest wait of a collector before it commits")
    maintain_seconds: float = Field(180.0, gt=0, description="wall seconds between merges of the lake's small files")
    spool_limit_mib: int = Field(512, ge=1, description="spool size at which senders are asked to wait")
    intake_memory_mib: int = Field(
        32, ge=4, description="memory of request bodies not yet answered; senders of large ones wait beyond it"
    )
    otlp_cert: Path | None = Field(None, description="certificate chain of the collector's ports (PEM)")
    otlp_key: Path | None = Field(None, description="its private key (PEM)")
    otlp_client_ca: Path | None = Field(None, description="authority of senders' certificates, in place of tokens")
    otlp_proxy: str = Field("", description="addresses of the proxy that ends TLS before the collector")
    senders: Path | None = Field(None, description="file of the senders; default: in the home")
    sender_rate: float = Field(0.0, ge=0, description="requests a second of one sender; 0: as many as it likes")
    installation_key: Path | None = Field(
        None, description="file of the key that our own processes sign with, for several machines; default: in the home"
    )
    values_key: Path | None = Field(
        None, description="file of the master key of sealed values, for several machines; default: in the home"
    )
    otlp_hosts: str = Field("", description="names by which senders call the collector, besides its own address")
    otlp_origins: str = Field("", description="origins of web pages that may send telemetry, e.g. https://app.example")
    max_body_mib: int = Field(16, ge=1, description="largest request body, after decompression")
    log_level: Literal["DEBUG", "INFO", "WARNING"] = Field(
        "WARNING",
        description="what every process logs: WARNING faults and dead letters; INFO also requests, triage, batches, "
        "leases and each run's end; DEBUG its steps",
    )
    witness: Path | None = Field(
        None, description="file or folder that keeps signed checkpoints out of the operators' reach"
    )
    dev_user: str | None = Field(None, description="console user on loopback where no identity provider is set")
    dev_roles: str = "operations,finance,executive,auditor,administrator"
    oidc_metadata_url: str | None = Field(
        None, description="…/.well-known/openid-configuration of the identity provider"
    )
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_redirect_url: str | None = Field(None, description="the console's own address, ending in /oauth2callback")
    cookie_secret: SecretStr | None = Field(
        None, description="long random text that signs the console's sign-in cookie"
    )

    @property
    def journal_address(self) -> str:
        return self.journal_url or f"sqlite:///{self.home / 'journal.sqlite'}"

    @property
    def lake_catalog_address(self) -> str:
        return self.lake_catalog or str(self.home / "lake" / "catalog.sqlite")

    @property
    def lake_data_address(self) -> str:
        return self.lake_data or str(self.home / "lake" / "data")

    @property
    def collector_address(self) -> str:
        return (self.collector_url or self.collector_here).rstrip("/")

    @property
    def collector_here(self) -> str:
        """Where a collector of these settings answers on this machine, whatever address senders elsewhere use."""
        return here("https" if self.otlp_cert else "http", self.otlp_host, self.otlp_port)

    @property
    def console_address(self) -> str:
        return (self.console_url or self.console_here).rstrip("/")

    @property
    def console_here(self) -> str:
        """Where the console of these settings answers on this machine."""
        return here("https" if self.console_cert else "http", self.host, self.console_port)

    @property
    def run_folder(self) -> Path:
        return self.home / "run"


def here(scheme: str, host: str, port: int) -> str:
    """The address by which this machine reaches what listens there."""
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{scheme}://{f'[{own}]' if ':' in own else own}:{port}"


def read_settings() -> Settings:
    """The settings as the environment gives them.

    Raises Misconfigured with every fault in one message.
    """
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        faults = "; ".join(
            f"TIEOUT_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']} (got {fault.get('input')!r})"
            for fault in error.errors(include_url=False)
        )
        raise Misconfigured(f"settings need mending: {faults}") from error
