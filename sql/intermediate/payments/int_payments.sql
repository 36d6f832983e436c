/*
description: >-
  Payment movements as the shops know them, with whether a provider's books must have them. Gift cards, credit, money that no system moved and other
  gateways are in no books that are read. Those of test orders are left out.
grain: one row per movement
key: [payment_id]
owner: data
columns:
  is_provided: it went through a provider with whom the brand has an account, or the shop does not say through whom
  is_unknown: nobody has said what its gateway is
*/
with int_payments as (
    select
        p.payment_id,
        p.source,
        p.order_id,
        o.brand,
        p.refund_id,
        p.kind,
        p.outcome,
        p.gateway,
        p.tender,
        coalesce(p.gateway is null or g.is_provider or e.movement_ref is not null, false) as is_provided,
        coalesce(p.tender is null and not g.is_known, false) as is_unknown,
        p.payment_ref,
        p.movement_ref,
        p.moved_at,
        p.amount,
        p.currency,
        p.presentment_amount,
        p.presentment_currency,
        p._file_id,
        p._line
    from canonical.payments as p
    inner join intermediate.int_branded_orders as o on o.order_id = p.order_id
    left join intermediate.int_gateways as g on g.brand = o.brand and g.gateway = lower(p.gateway)
    -- What a provider's books have went through it, whatever the shop calls it.
    left join (
        select distinct movement_ref from canonical.ledger_entries where entry_type in ('capture', 'refund')
    ) as e on e.movement_ref = p.movement_ref
    where not o.is_test
)

select * from int_payments
