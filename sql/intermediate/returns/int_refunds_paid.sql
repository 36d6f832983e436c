/*
description: Refunds of the shops beside what the payment provider paid back of them, what came back, and what stands.
grain: one row per refund
key: [refund_id]
owner: data
columns:
  psp_amount: what the provider paid back less what came back, in psp_currency; null for a refund that no provider knows
  psp_due_amount: the part that the provider has to know, in psp_currency; null where the two know no currency in common
  not_in_scope_amount: the part that went through no provider whose books are read, in the shop's currency
  failed_amount: what came back, in psp_currency
  standing_amount: what the customer has of it, in the shop's currency
*/
with accounts as (
    select brand, source from ops.links where role = 'account'
),

-- Which provider's reference it is, the brand's accounts say.
named as (
    select distinct
        t.refund_id,
        a.source,
        t.movement_ref as psp_ref
    from canonical.payments as t
    inner join intermediate.int_branded_orders as o on o.order_id = t.order_id
    inner join accounts as a on a.brand = o.brand
    where t.kind = 'refund'
),

matched as (
    select
        n.refund_id,
        min(p.psp_ref) as psp_ref,
        min(p.settlement_ref) as settlement_ref,
        sum(p.sent_amount) as sent_amount,
        sum(p.failed_amount) as failed_amount,
        max(p.settled_at) as settled_at,
        min(p.failed_at) as failed_at,
        min(p.currency) as currency
    from named as n
    inner join intermediate.int_refund_movements as p on p.source = n.source and p.psp_ref = n.psp_ref
    group by n.refund_id
),

-- The two are compared in the currency that both know.
in_common as (
    select
        r.*,
        m.psp_ref,
        m.settlement_ref,
        m.sent_amount,
        m.failed_amount,
        m.settled_at,
        m.failed_at,
        coalesce(m.currency, r.currency) as psp_currency,
        case
            when coalesce(m.currency, r.currency) = r.currency then r.provided_amount
            when m.currency = r.presentment_currency then r.presentment_amount
        end as psp_due_amount
    from intermediate.int_shop_refunds as r
    left join matched as m on m.refund_id = r.refund_id
),

int_refunds_paid as (
    select
        c.refund_id,
        c.order_id,
        c.brand,
        c.return_id,
        c.kind,
        c.refunded_at,
        c.is_provided,
        c.psp_ref,
        c.settlement_ref,
        c.web_amount,
        c.credited_amount,
        c.web_amount - c.provided_amount as not_in_scope_amount,
        c.psp_due_amount,
        c.sent_amount - c.failed_amount as psp_amount,
        c.failed_amount,
        c.psp_currency,
        c.currency,
        c.settled_at,
        c.failed_at,
        -- What came back in another currency than the shop's is the same part of the shop's amount.
        case
            when coalesce(c.failed_amount, 0) = 0 then c.web_amount
            when c.failed_amount >= c.sent_amount then c.web_amount - c.provided_amount
            when c.psp_currency = c.currency then greatest(0, c.web_amount - c.failed_amount)
            else c.web_amount - cast(cast(round(
                cast(c.provided_amount * u.minor_per_unit as double) * cast(c.failed_amount as double) / cast(c.sent_amount as double)
            ) as decimal(18, 0)) * u.minor_amount as decimal(18, 4))
        end as standing_amount,
        c._file_id,
        c._line
    from in_common as c
    left join seeds.currencies as u on u.currency = c.currency
)

select * from int_refunds_paid
