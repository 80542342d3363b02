"""The commands that ask a reading, a line each. A new one: its folder in `app/readings`, and its line here."""

from __future__ import annotations

from app.cli.question import Question

CASES, JOURNEY = "app.readings.cases", "app.readings.journey"
STEP = ("occurred_at", "kind", "step", "system", "business_key", "status", "error_code")
SPAN = ("start_time", "service_name", "name", "duration_us", "status_code", "span_id", "parent_span_id")
CASE = ("case_id", "severity", "amount_reporting", "occurrences", "title")

QUESTIONS = (
    Question("trace", f"{JOURNEY}.trace:trace", f"{JOURNEY}.question:TraceQuestion", STEP + SPAN, must_find=True),
    Question("cases", f"{CASES}.reading:listed", f"{CASES}.question:CaseQuestion", CASE, journal=True),
)
