/*
description: >-
  Refunds of the shops beside what the payment provider paid back, and refunds of the provider that no shop knows.
  docs/meanings.md says what each number means.
grain: one row per shop refund with money, and one per refund of the provider that no shop refund explains
key: [refund_id]
unit: order_id
at_stake: {amount: web_amount, currency: currency}
owner: returns
partition_by: [brand]
columns:
  refund_id: "the shop's source and its own number, or the provider's source and its reference for one that no shop knows"
  order_id: the order; null when nothing tells it
  brand: the order's brand, or the account's
  return_id: the return that the refund names
  state:
    description: >-
      whether both sides agree, or which one is missing; not_in_scope where nothing of it went through the brand's provider, other_currency
      where the two know no currency in common, no_psp and no_shop where the other side is not pulled for the brand
    not_null: true
    accepted: [matched, amount_differs, missing_in_psp, pending_psp, missing_in_web, not_in_scope, other_currency, no_psp, no_shop]
  kind:
    description: >-
      return or cancel by the refund's lines; lost, damaged, not_returned, price or goodwill by the word in the shop's reason or note; shipping where it
      has no lines and gives back carriage or duties; else goodwill; null for one that no shop knows
    accepted: [return, cancel, lost, damaged, not_returned, price, shipping, goodwill]
  refunded_at: when the shop gave it; null for one that no shop knows
  settled_at: "when the provider booked it; where its reports do not say, when the report was received; null while it has not"
  failed_at: the same of what first came back of it; null where nothing did
  psp_ref: the provider's reference of the refund
  settlement_ref: the provider's batch or payout that it left with
  web_amount: successful refund transactions of the shop, whatever they were paid with
  not_in_scope_amount: "the part of it that went through no provider of the brand's: gift cards, credit, other gateways, money that no system moved; in currency"
  psp_due_amount: the part of web_amount that the provider has to know, in psp_currency; null in other_currency
  psp_amount: what the provider paid back, in the currency the customer paid in, less what came back of it
  failed_amount: what came back of it, in psp_currency
  psp_currency: of what the provider has to know and paid back; the shop's currency while the provider has not told
  difference_amount: psp_amount less psp_due_amount, where both are known, in psp_currency
  standing_amount: what the customer has of it, web_amount less what came back; null for one that no shop knows
  currency: of web_amount, not_in_scope_amount and standing_amount
  _file_id: file of the newest answer about the refund, or the provider's report
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - rows: "standing_amount <= web_amount"
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
  - rows: "state <> 'matched' or psp_due_amount = psp_amount"
  - rows: "state <> 'other_currency' or (difference_amount is null and psp_currency <> currency)"
  - rows: "(state in ('missing_in_web', 'no_shop')) = (web_amount is null)"
  - sum_equal:
      by: refund_id
      left: sum(web_amount)
      right: select refund_id, web_amount from intermediate.int_shop_refunds
*/
with explained as (
    -- The order's own record names a refund's reference before its details are asked for.
    select movement_ref as psp_ref
    from canonical.payments
    where kind = 'refund'
),

banked as (
    select distinct brand from ops.links where role = 'account'
),

shops as (
    select distinct brand from ops.links where role = 'shop'
),

compared as (
    select
        r.refund_id,
        r.order_id,
        r.brand,
        r.return_id,
        case
            when b.brand is null then 'no_psp'
            when not r.is_provided then 'not_in_scope'
            when r.psp_due_amount is null then 'other_currency'
            when r.psp_amount = r.psp_due_amount then 'matched'
            when r.psp_ref is not null then 'amount_differs'
            when r.refunded_at < date_add('hour', -96, k.as_of) then 'missing_in_psp'
            else 'pending_psp'
        end as state,
        r.kind,
        r.refunded_at,
        r.settled_at,
        r.failed_at,
        r.psp_ref,
        r.settlement_ref,
        r.web_amount,
        r.not_in_scope_amount,
        r.psp_due_amount,
        r.psp_amount,
        r.failed_amount,
        r.standing_amount,
        r.psp_currency,
        r.currency,
        r._file_id,
        r._line
    from intermediate.int_refunds_paid as r
    left join banked as b on b.brand = r.brand
    cross join ops.clock as k
    union all
    select
        p.source || ':' || p.psp_ref as refund_id,
        p.order_id,
        p.brand,
        null as return_id,
        case when s.brand is null then 'no_shop' else 'missing_in_web' end as state,
        null as kind,
        null as refunded_at,
        p.settled_at,
        p.failed_at,
        p.psp_ref,
        p.settlement_ref,
        null as web_amount,
        null as not_in_scope_amount,
        null as psp_due_amount,
        p.sent_amount - p.failed_amount as psp_amount,
        p.failed_amount,
        null as standing_amount,
        p.currency as psp_currency,
        p.currency,
        p._file_id,
        p._line
    from intermediate.int_refund_movements as p
    left join explained as e on e.psp_ref = p.psp_ref
    left join shops as s on s.brand = p.brand
    where e.psp_ref is null and not p.is_test
),

fct_refunds as (
    select
        c.refund_id,
        c.order_id,
        c.brand,
        c.return_id,
        c.state,
        c.kind,
        c.refunded_at,
        c.settled_at,
        c.failed_at,
        c.psp_ref,
        c.settlement_ref,
        cast(c.web_amount as decimal(18, 4)) as web_amount,
        cast(c.not_in_scope_amount as decimal(18, 4)) as not_in_scope_amount,
        cast(c.psp_due_amount as decimal(18, 4)) as psp_due_amount,
        cast(c.psp_amount as decimal(18, 4)) as psp_amount,
        cast(c.failed_amount as decimal(18, 4)) as failed_amount,
        c.psp_currency,
        cast(c.psp_amount - c.psp_due_amount as decimal(18, 4)) as difference_amount,
        cast(c.standing_amount as decimal(18, 4)) as standing_amount,
        c.currency,
        c._file_id,
        c._line,
        k.as_of as _built_at
    from compared as c
    cross join ops.clock as k
)

select * from fct_refunds
