"""The sandbox: one consistent world behind faithful emulators of five vendors, with a fault plan and the truth beside
it.

The firm is Novalis (Novalis GmbH in EUR, Novalis Ltd in GBP, Novalis Inc in USD): 32 customers in twelve groups, 90
projects, 160 people, twelve weeks of time and expenses, then live. `Sandbox` (sandbox.py) composes it, `service.main`
runs it as a process, `Sandbox.serve()` gives a test its address. Planted faults, in the order of their ids (GET
/_world/faults):

| id | what happens | what holds until it is mended |
|---|---|---|
| F01 | ERP project deleted on a Friday at 17:40 | 214 entries of two weeks and two milestones, EUR 184,200 |
| F02 | project closed in the PSA, open in the ERP | status disagrees |
| F03 | workspace in the PSA that nobody sold | its time finds no ERP project |
| F04–F06 | sales without service line, cost centre, tax profile | set-up waits, until now |
| F07–F11 | the same, filled after days | set-up paused and resumed |
| F12, F13 | task typed by hand, `….0l0` and `….O10` | unknown charge code |
| F14 | task with another project's charge code | charge code of another project |
| F15 | charge code switched off by finance | inactive charge code |
| F16 | weeks handed in after the month was closed | closed period |
| F17 | managers who leave timesheets lying | approval late |
| F18 | timesheets turned down and not handed in again | rejected time |
| F19 | worker without cost rate | rate missing |
| F20 | second account with one tax id | duplicate customer |
| F21 | project deleted in the portfolio system | project missing |
| F22 | subsidiary hung under another group in the ERP | hierarchy differs |
| F23, F24 | work beyond the statement of work | statement expired |
| F25 | weather: 429 of each vendor's kind, daily quota, 5xx, answers lost after the write, SOAP faults, an outage |
nothing: it heals |
| F26 | the PSA sends an unknown field for one team | schema drift |
| F27–F30 | first sales without a dimension, filled in the second week | set-up paused and resumed |

Beside them, without being faults: 74 corrections and withdrawals after posting, 4 % late and 3 % doubled feed events.
"""
