/*
description: What carriers pay for lost, damaged and late parcels, until when it must be claimed, and where it is written.
grain: one row per carrier, service and claim type
key: [carrier, service, claim_type]
unit: none
owner: claims
columns:
  carrier: the carrier whose terms they are
  service: its service, or all
  claim_type: lost, damaged, delayed or part_lost
  eligible_after: how long after the event a claim may be made
  eligible_unit: unit of eligible_after
  eligible_from_event: the event it counts from
  claim_deadline: how long after the event a claim must have been made
  deadline_unit: unit of claim_deadline
  deadline_from_event: the event it counts from
  documents_within: how long after the event evidence must have reached the carrier
  documents_unit: unit of documents_within
  documents_from_event: the event it counts from
  cap_amount: most that is paid
  cap_currency: currency of the cap, or SDR_PER_KG
  cap_basis: what is paid up to the cap
  refund_carriage: whether postage is paid back
  evidence: what has to be shown, separated by semicolons
  confidence: how sure the source is
  source: where it is written
*/
with claim_rules as (
    select
        carrier,
        service,
        claim_type,
        eligible_after,
        eligible_unit,
        eligible_from_event,
        claim_deadline,
        deadline_unit,
        deadline_from_event,
        documents_within,
        documents_unit,
        documents_from_event,
        cap_amount,
        cap_currency,
        cap_basis,
        refund_carriage,
        evidence,
        confidence,
        source
    from seeds.claim_rules
)

select * from claim_rules
