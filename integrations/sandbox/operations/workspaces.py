"""What people do with projects in the PSA: tasks typed by hand and put right, workspaces nobody sold, closed ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from integrations.sandbox.operations.delivery import Delivery
from integrations.sandbox.vendors.kantata.emulator import Kantata
from integrations.sandbox.world.plan import Plan


class Workspaces:
    """Operations on Kantata's workspaces and tasks; each answers whether it could be done now."""

    def __init__(self, psa: Kantata, delivery: Delivery, plan: Plan) -> None:
        self._psa, self._delivery, self._plan = psa, delivery, plan

    def story(self, at: datetime, code: str, shown: str, right: str) -> bool:
        """Add a task by hand, with a wrong charge code."""
        workspace = self._delivery.open_workspace(code)
        if workspace is None:
            return False
        if self._psa.story(workspace, shown) is None:
            name = next(name for task, name, _ in self._plan.deals[code].tasks if task == right)
            self._psa.save(
                "stories",
                {"title": f"{shown} {name}", "workspace_id": workspace, "story_type": "task", "billable": True},
                at,
            )
        return True

    def rename(self, at: datetime, code: str, shown: str, right: str) -> bool:
        """Put right a task with a wrong code: its entries move to the right task, the wrong one goes."""
        workspace = self._psa.workspace(code)
        wrong = self._psa.story(workspace, shown) if workspace else None
        target = self._psa.story(workspace, right) if workspace else None
        if wrong is None or target is None:
            return False
        for key in [
            key
            for key in self._psa.entries_of.keys(str(workspace))
            if self._psa.tables["time_entries"].rows[key]["story_id"] == wrong
        ]:
            self._psa.save("time_entries", {"story_id": target}, at, key)
            self._delivery.entries.change(key, shown=right)
        self._psa.remove("stories", wrong, at)
        return True

    def orphan(self, at: datetime, code: str) -> bool:
        """Open a workspace that nobody sold."""
        if self._psa.workspace(code) is None:
            deal = self._plan.deals[code]
            key = self._psa.save(
                "workspaces",
                {
                    "title": f"{code} · {deal.name}",
                    "currency": deal.currency,
                    "creator_role": "maven",
                    "start_date": at.date().isoformat(),
                    "due_date": None,
                },
                at,
            )
            for task, name, billable in deal.tasks:
                self._psa.save(
                    "stories",
                    {"title": f"{task} {name}", "workspace_id": key, "story_type": "task", "billable": billable},
                    at,
                )
        return True

    def archive(self, at: datetime, code: str) -> bool:
        return self._shut(at, code, True, {"color": "grey", "key": 500, "message": "Closed"})

    def unarchive(self, at: datetime, code: str) -> bool:
        return self._shut(at, code, False, {"color": "green", "key": 300, "message": "Active"})

    def _shut(self, at: datetime, code: str, archived: bool, status: dict[str, Any]) -> bool:
        key = self._psa.workspace(code)
        if key is not None:
            self._psa.save("workspaces", {"archived": archived, "status": status}, at, key)
        return key is not None
