"""The road to mail and chat by apprise, which is imported when the first alert goes there: it is large."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from models.alerting.road import Undelivered, secret_of
from models.domain.alert import Delivery
from models.domain.audience import Road


def send(road: Road, delivery: Delivery, environment: Mapping[str, str]) -> None:
    """Tell every address of a road, apart by blanks. Who of them has it already hears it again when another fails.

    Raises Undelivered where one of them may not have it.
    """
    addresses = secret_of(road, environment).split()
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # what it says of a failure names the address
    import apprise

    asset = apprise.AppriseAsset(app_id="Tieout", app_desc="Tieout", app_url="", storage_mode="memory")
    told = apprise.Apprise(asset=asset)
    for number, address in enumerate(addresses, start=1):
        if not told.add(address):
            raise Undelivered(f"address {number} in {road.variable} is none that apprise knows")
    text = f"{delivery.alert.text}\n\n{delivery.alert_id}"
    plain, info = apprise.NotifyFormat.TEXT, apprise.NotifyType.INFO
    try:
        reached = told.notify(
            body=text, title=delivery.alert.title, body_format=plain, notify_type=info, interpret_escapes=False
        )
    except Exception as error:  # noqa: BLE001  a hundred plug-ins raise what they like, and it may name the address
        raise Undelivered(f"apprise failed ({type(error).__name__})") from None
    if not reached:
        raise Undelivered("an address did not take it: see whether its service answers and its credentials hold")
