"""The names of the packaged flows, as records, cases and the catalogue carry them.

A detector or a mart that speaks of one flow takes its name from here; a flow that nobody else speaks of needs no line.
"""

from __future__ import annotations

QUOTE_TO_PROJECT = "quote-to-project"
TIME_TO_BILL = "time-to-bill"
MASTER_DATA = "master-data"
PORTFOLIO_ACTUALS = "portfolio-actuals"
INVOICE_FEEDBACK = "invoice-feedback"
REPLAY_ELSEWHERE = "replay-elsewhere"
"""The engine's own: it sends what a flow that runs elsewhere failed at to the endpoint that runs it again."""
