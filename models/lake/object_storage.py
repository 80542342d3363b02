"""Access to data files on S3-compatible storage, from the usual AWS variables."""

from __future__ import annotations

import os
import re

import duckdb

from models.lake.places import lake_data
from models.settings import Settings

PASSWORDS = re.compile(r"(password=|://[^:/@\s]+:)[^@\s]+")


def configure(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Give the connection the credentials of `AWS_*` when the data lies on `s3://`; otherwise change nothing."""
    if not lake_data(settings).startswith("s3://"):
        return
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    options = {
        "KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID"),
        "SECRET": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "SESSION_TOKEN": os.environ.get("AWS_SESSION_TOKEN"),
        "REGION": os.environ.get("AWS_REGION"),
        "ENDPOINT": endpoint.partition("://")[2] or None,
        "URL_STYLE": "path" if endpoint else None,
        "USE_SSL": "false" if endpoint.startswith("http://") else None,
    }
    given = [f"{name} '{value.replace(chr(39), chr(39) * 2)}'" for name, value in options.items() if value]
    connection.execute(f"CREATE OR REPLACE SECRET lake_data ({', '.join(['TYPE s3', *given])})")
