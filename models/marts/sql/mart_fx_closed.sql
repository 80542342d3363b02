/*
The exchange rates that closed periods keep although other ones are known for their days now: nothing that came after
the closing is in them.

grain: legal_entity, currency, day

    legal_entity  VARCHAR         -                            whose period is closed
    currency      VARCHAR         ISO 4217                     what is converted
    day           DATE            day                          a day of that period
    rate          DECIMAL(28,12)  reporting currency per unit  as it was known when the period was closed
*/

-- mart_fx_closed: as they are kept
CREATE OR REPLACE TABLE derived.state.mart_fx_closed AS FROM derived.state.fx_frozen;
