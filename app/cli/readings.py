"""The commands that ask a reading, a line each. A new one: its folder in `app/readings`, and its line here."""

from __future__ import annotations

from app.cli.question import Question

CASES, JOURNEY, TIEOUT = "app.readings.cases", "app.readings.journey", "app.readings.tieout"
APPROVALS, VOLUME = "app.readings.approvals", "app.readings.volume"
STEP = ("occurred_at", "kind", "step", "system", "business_key", "status", "error_code", "batch_id")
SPAN = ("start_time", "service_name", "name", "duration_us", "status_code", "span_id", "parent_span_id")
CAUSE = ("cause", "records", "cases", "money_kind", "amount_reporting", "team", "title")
CASE = ("case_id", "severity", "money_kind", "amount_reporting", "occurrences", "team", "title")
TOTALS = ("period", "entity", "source", "target", "legal_entity", "currency", "source_amount", "landed_amount")
PLACES = tuple(f"{place}_amount" for place in ("on_its_way", "cases", "written_off", "unexplained"))
TARGET = ("target_amount", "unsourced_amount", "day", "status", "reason")
MAP = ("map", "version", "field", "source", "target", "owner", "words", "said", "means", "since", "waiting")
CAME = ("flow", "system", "legal_entity", "state", "came", "expected", "low", "high", "last_at", "confidence")
ASKED = ("request_id", "state", "what", "asked_by", "asked_at", "reason")

QUESTIONS = (
    Question("trace", f"{JOURNEY}.trace:trace", f"{JOURNEY}.question:TraceQuestion", STEP + SPAN, must_find=True),
    Question(
        "cases",
        f"{CASES}.reading:listed",
        f"{CASES}.question:CaseQuestion",
        CASE,
        journal=True,
        counted=f"{CASES}.reading:counted",
    ),
    Question(
        "requests",
        f"{APPROVALS}.reading:listed",
        f"{APPROVALS}.question:ApprovalQuestion",
        ASKED,
        journal=True,
        counted=f"{APPROVALS}.reading:counted",
    ),
    Question("causes", f"{CASES}.causes:listed", f"{CASES}.question:CausesQuestion", CAUSE, journal=True),
    Question("maps", "app.readings.maps.reading:listed", "app.readings.maps.question:MapsQuestion", MAP, journal=True),
    Question("volume", f"{VOLUME}.reading:listed", f"{VOLUME}.question:VolumeQuestion", CAME),
    Question("totals", f"{TIEOUT}.reading:totals", f"{TIEOUT}.question:TotalsQuestion", TOTALS + PLACES + TARGET),
)
