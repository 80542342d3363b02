"""What each refusal means in plain words, what to do next, and what kind of money hangs on it (X8, X14).

Every `code` that a flow or a connector may raise is listed; a contract test holds the flows to it. A case shows
the title and the explanation to a person who knows the business, not the software.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MoneyKind = Literal["billing_blocked", "revenue_at_risk", "cost_misposted", "none"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Words of one code. `next_action` is an instruction to its reader; `money_kind` says what the amount at stake is."""

    title: str
    explanation: str
    next_action: str
    money_kind: MoneyKind = "billing_blocked"


EXPLANATIONS: dict[str, Explanation] = {
    # what time-to-bill checks before anything is written
    "charge-code-unknown": Explanation(
        "Charge code does not exist",
        "The work was booked on a charge code that no system has set up, so finance cannot post or bill it.",
        "Correct the charge code on the entry (the case suggests one), or have the code set up, then replay.",
    ),
    "charge-code-inactive": Explanation(
        "Charge code is closed",
        "The charge code exists but is no longer open for time and expenses.",
        "Book the work on an open code of the same project, or reopen the code in the ERP, then replay.",
    ),
    "charge-code-of-other-project": Explanation(
        "Charge code belongs to another project",
        "The entry sits on one project while its charge code belongs to a different one; posting it would put cost and revenue on the wrong job.",
        "Correct the charge code to one of the entry's project, or move the entry, then replay.",
        "cost_misposted",
    ),
    "charge-code-of-other-entity": Explanation(
        "Charge code belongs to another legal entity",
        "The entry and its charge code belong to different companies of the firm; posting it needs an intercompany decision.",
        "Book the work on a code of the entry's legal entity, or agree the intercompany charge with finance, then replay.",
        "cost_misposted",
    ),
    "charge-code-missing": Explanation(
        "No charge code",
        "The work was approved without a charge code, so the ERP cannot know which task to charge.",
        "Add the charge code to the entry in the PSA, or correct it here, then replay.",
    ),
    "rate-missing": Explanation(
        "No rate",
        "Neither the entry nor the master data gives a bill rate (billable work) or cost rate, so the value of the work is unknown.",
        "Have the bill rate set on the role in the PSA, or the person's cost rate in the HCM system, then replay.",
        "revenue_at_risk",
    ),
    "missing-currency": Explanation(
        "Amount without currency",
        "An amount came without its currency; posting it would be a guess.",
        "Give the currency in the source system, or correct it here, then replay.",
        "revenue_at_risk",
    ),
    "posting-moved-on": Explanation(
        "The posting changed in between",
        "Since this attempt was planned, another version of the entry was posted; going on would post it twice.",
        "Replay from the start: the entry is planned afresh.",
    ),
    # what quote-to-project and master-data check
    "not-owner": Explanation(
        "Change by a system that does not own the field",
        "A system tried to change an attribute that another system owns under the ownership map; the owner's value was kept.",
        "Make the change in the owning system, or have the ownership map changed, then replay or cancel.",
        "none",
    ),
    "customer-duplicate-suspected": Explanation(
        "Possible duplicate customer",
        "A customer of the same name and country exists already and the tax ids cannot tell them apart; none was created.",
        "Merge the two accounts in the CRM, or give both their tax ids if they are different companies, then replay.",
        "revenue_at_risk",
    ),
    "project-code-taken": Explanation(
        "Project code already used",
        "Another sale already uses this project code for a different customer; setting it up would mix two projects.",
        "Give one of the two opportunities a new project code in the CRM.",
        "revenue_at_risk",
    ),
    "project-unknown": Explanation(
        "Project does not exist",
        "The record names a project that no system has set up.",
        "Have the project set up (check the won opportunity in the CRM), then replay.",
    ),
    "waiting": Explanation(
        "Waiting for data of another system",
        "The flow paused safely because something it needs has not arrived; it goes on by itself when it does.",
        "Supply the missing fields in the owning system; nothing needs to be replayed.",
    ),
    "missing-dimensions": Explanation(
        "Project set-up waits for missing data",
        "The sale was won but lacks data that project and billing set-up need; nothing was created in the ERP or PSA.",
        "Fill in the missing fields on the opportunity in the CRM; set-up goes on by itself.",
        "revenue_at_risk",
    ),
    # what targets refuse
    "project-not-found": Explanation(
        "Project missing in the ERP",
        "The ERP does not know the project, so nothing can be posted on it.",
        "Check the project's set-up run; once the ERP has the project, replay the group.",
    ),
    "charge-code-not-found": Explanation(
        "Charge code missing in the ERP",
        "The ERP does not know the task behind the charge code.",
        "Have the charge code set up in the ERP or correct the entry, then replay.",
    ),
    "resource-not-found": Explanation(
        "Person missing in the ERP",
        "The ERP does not know the person who worked.",
        "Check that the worker is active in the HCM system and reached the ERP, then replay.",
    ),
    "customer-not-found": Explanation(
        "Customer missing in the target system",
        "The target does not know the customer of this project.",
        "Check the customer's master-data run, then replay.",
        "revenue_at_risk",
    ),
    "closed-period": Explanation(
        "Accounting period is closed",
        "The work date lies in a period that finance has closed, so the ERP refuses the posting.",
        "Agree with finance: reopen the period, or correct the posting date to the open period, then replay.",
        "revenue_at_risk",
    ),
    "not-found": Explanation(
        "The record is gone in the target",
        "The target does not know the record that was to be changed; somebody may have deleted it.",
        "Look the record up in the target; restore it or cancel this run.",
    ),
    "unknown-subject": Explanation(
        "The record belongs to another system",
        "The system was asked to note something about a record that it never held.",
        "Check which system the record came from and which system plays that role for its legal entity, then replay.",
        "none",
    ),
    "invalid-content": Explanation(
        "The target refused a field",
        "The target system understood the record and refused the value of one field.",
        "Look at the field named in the case, correct it at its source or here, then replay.",
    ),
    "user-error": Explanation(
        "The target refused the record",
        "A business rule of the target system refused the record; its message says which.",
        "Read the target's message, mend the cause, then replay.",
    ),
    "validation": Explanation(
        "The target refused a field",
        "The target system checked the record and refused the value of one field.",
        "Look at the field named in the case, correct it at its source or here, then replay.",
    ),
    "worker-crash": Explanation(
        "The record stops its worker",
        "Handling this record ended the worker process more than once, so it was set aside.",
        "Report it with the run's id; the record is kept and can be replayed after the repair.",
    ),
    "permission": Explanation(
        "Not allowed in the target",
        "The integration's user may not write this record in the target system.",
        "Have the target's administrator grant the permission, then replay.",
    ),
    "rejected": Explanation(
        "The target refused the record",
        "The target system understood the record and refused it.",
        "Read the target's message, mend the cause, then replay.",
    ),
    # what cannot be read
    "unmappable": Explanation(
        "The record cannot be mapped",
        "A field is missing or cannot be turned into what the target needs.",
        "Look at the path named in the case and correct the record at its source or here, then replay.",
    ),
    "schema-violation": Explanation(
        "The source changed its data",
        "A field of the source is missing, new or of another type than agreed; nothing was guessed.",
        "Have the mapping of that connector adapted to the source's release, then replay.",
    ),
    "missing-field": Explanation(
        "A field is missing",
        "The source no longer sends a field that is needed, or sent it empty.",
        "Fill in the field at its source; if the vendor dropped it, have the connector adapted, then replay.",
    ),
    "retyped-field": Explanation(
        "A field changed its type",
        "The source sends a field in another form than agreed, for example text in place of a number; nothing was guessed.",
        "Have the mapping of that connector adapted to the source's release, then replay.",
    ),
    "new-field": Explanation(
        "The source sends a new field",
        "The vendor's release added a field that nobody maps yet; the rest of the record was read as before.",
        "Decide whether the field matters: map it in the connector or list it as ignored.",
        "none",
    ),
    "unknown-value": Explanation(
        "A value nobody knows",
        "The source sent a word in a field with a fixed list of words that is not on the list.",
        "Correct the value at its source, or add it to the connector's mapping, then replay.",
    ),
    "bad-payload": Explanation(
        "A system's answer cannot be read",
        "A system answered with something other than agreed, for example a web page in place of data.",
        "Check the system's address and state; if it is healthy, have the connector adapted, then replay.",
    ),
    "bad-row": Explanation(
        "A row of a file cannot be read",
        "A row has another number of columns than the header, or a quote that never closes.",
        "Mend the row in the exporting system and deliver the file again.",
    ),
    "duplicate-row": Explanation(
        "A row repeats an earlier one",
        "The file holds two rows of one key; the first was taken, the second set aside so that nothing is billed twice.",
        "Check which row is right; if both are, have the exporting system give them different keys.",
        "revenue_at_risk",
    ),
    "no-such-field": Explanation(
        "The correction names a field that is not there",
        "A correction gave a path that the record does not have.",
        "Look at the record's fields and give the dotted path of one of them.",
        "none",
    ),
    "feed-gap": Explanation(
        "A feed was left unread for too long",
        "Tieout was away for longer than the source keeps its events. What changed was read from its lists instead, but a deletion leaves no trace there.",
        "Compare the postings of that time with the source, reverse those whose entry is gone, then cancel this with a reason.",
    ),
    "unknown-event-type": Explanation(
        "Unknown kind of event",
        "An event came that this release does not know.",
        "Upgrade the installation or stop the sender from sending this event.",
        "none",
    ),
    "unknown-event-version": Explanation(
        "Event of an unknown version",
        "An event came in a newer version of its schema than this release reads.",
        "Upgrade the installation, then replay.",
    ),
    # what happens to calls
    "transient": Explanation(
        "A system could not be reached",
        "Every attempt failed with a passing fault: the system was down, too slow or busy.",
        "Check the system's state on the operations page; when it is back, replay the group.",
    ),
    "stale": Explanation(
        "Somebody else changed it first",
        "The target's record changed between reading and writing, on every attempt.",
        "Replay; if it stays, find out which other system or person edits the same record.",
        "none",
    ),
    "slow-job": Explanation(
        "The target is still working",
        "The target accepted the records and had not finished after the longest wait.",
        "Nothing to do: the engine asks for the outcome before it writes again. If it lasts, check the target's job queue.",
    ),
    "rate-limited": Explanation(
        "A system asks to slow down",
        "The target's limit of calls is used up; the engine waits as told.",
        "Nothing to do unless it lasts: then raise the target's limit or lower the rate in the systems file.",
        "none",
    ),
    "in-doubt": Explanation(
        "The answer to a write never came",
        "The record was sent and no answer returned; the target is asked before anything is sent again.",
        "Nothing to do unless it stays: then look the record up in the target and replay or cancel.",
    ),
    "misconfigured": Explanation(
        "Connection settings are wrong",
        "The system refused the credentials or a setting is missing; its flows wait.",
        "Correct the setting named in the message; the flows go on by themselves.",
    ),
    "step-crashed": Explanation(
        "A step of the flow failed",
        "The software met something in this record that nobody foresaw; the record is safe and set aside.",
        "Report it with the run's id; after the repair replay the group.",
    ),
    "tieout.error": Explanation(
        "An unexpected fault of the software",
        "The step failed in a way nobody foresaw; the record is safe and set aside.",
        "Report it with the run's id; replay after the repair.",
    ),
}

_OTHER = Explanation(
    "The step was refused",
    "A system refused the record with a code that has no explanation yet.",
    "Read the message in the case, mend the cause, then replay.",
)


def explain(code: str | None) -> Explanation:
    """The words for a code; for a code nobody described, words that point to the message."""
    return EXPLANATIONS.get(code or "", _OTHER)
