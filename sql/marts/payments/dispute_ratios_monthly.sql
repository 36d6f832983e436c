/*
description: >-
  Chargebacks of each account and card scheme beside the payments that the scheme itself counts them by, each by its own base, and how near that is to the
  scheme's limit.
grain: one row per account, scheme and month
key: [source, account, scheme, month_on]
unit: none
owner: finance
tags: [finance]
columns:
  source: the connection to the provider
  account: {description: the account with the provider, not_null: true}
  scheme: {description: the card scheme, not_null: true}
  month_on: first day of the month, UTC
  payments_count: {description: payments that were captured in the month, not_null: true}
  chargebacks_count: {description: "first chargebacks that were booked in the month, won ones too", not_null: true}
  basis: {description: "whose payments they are counted by: of the month before, or of the month itself; null for a scheme without a limit", accepted: [previous_month, same_month]}
  base_count: payments of that month; null where none is known
  notices_count: notices of fraud of the month; null, as no feed tells them yet
  ratio_bps: chargebacks, and notices of fraud where the scheme counts them, in ten thousand payments of the base, to the nearest whole; null where a part is not known
  not_known: what is not known for the ratio; null where all is
  limit_count: the scheme's limit, in chargebacks a month
  limit_bps: the scheme's limit, in ten thousand payments
  rule_id: the limit's row in seeds.scheme_limits
  is_over: both limits are reached; null where there is no ratio
  is_matured: {description: the month is over, not_null: true}
checks:
  - relationship: {column: rule_id, to: seeds.scheme_limits, field: rule_id}
*/
with schemes as (
    select source, psp_payment_ref, max(scheme) as scheme
    from marts.fct_ledger_entries
    where entry_type = 'capture' and psp_payment_ref is not null
    group by source, psp_payment_ref
),

movements as (
    select
        e.source,
        e.account,
        coalesce(e.scheme, s.scheme) as scheme,
        cast(date_trunc('month', cast(at_timezone(e.occurred_at, 'UTC') as date)) as date) as month_on,
        e.entry_type
    from marts.fct_ledger_entries as e
    left join schemes as s on s.source = e.source and s.psp_payment_ref = e.psp_payment_ref
    where e.entry_type in ('capture', 'chargeback') and e.occurred_at is not null
),

months as (
    select
        source,
        account,
        scheme,
        month_on,
        count(case when entry_type = 'capture' then 1 end) as payments_count,
        count(case when entry_type = 'chargeback' then 1 end) as chargebacks_count
    from movements
    where scheme is not null and scheme <> 'none'
    group by source, account, scheme, month_on
),

based as (
    select
        m.*,
        l.basis,
        case when l.basis = 'same_month' then m.payments_count else b.payments_count end as known_base_count,
        cast(null as bigint) as notices_count,
        l.limit_count,
        l.limit_bps,
        l.rule_id,
        m.month_on < cast(date_trunc('month', cast(at_timezone(k.as_of, 'UTC') as date)) as date) as is_matured
    from months as m
    left join seeds.scheme_limits as l
        on l.scheme = m.scheme and l.valid_from <= m.month_on and (l.valid_to is null or l.valid_to > m.month_on)
    left join months as b
        on b.source = m.source and b.account = m.account and b.scheme = m.scheme
        and b.month_on = cast(date_add('month', -1, m.month_on) as date)
    cross join ops.clock as k
),

counted as (
    select
        *,
        case when basis is not null and known_base_count > 0 then known_base_count end as base_count,
        case
            when basis is null then 'the limit of the scheme'
            when basis = 'same_month' then 'notices of fraud'
            when coalesce(known_base_count, 0) = 0 then 'payments of the month before'
        end as not_known
    from based
),

dispute_ratios_monthly as (
    select
        source,
        account,
        scheme,
        month_on,
        payments_count,
        chargebacks_count,
        basis,
        base_count,
        notices_count,
        case
            when not_known is null
                then cast(round(cast(chargebacks_count as double) * 10000 / cast(base_count as double)) as integer)
        end as ratio_bps,
        not_known,
        limit_count,
        limit_bps,
        rule_id,
        -- In whole numbers, as a ratio that is rounded up would be over too soon.
        case when not_known is null then chargebacks_count >= limit_count and chargebacks_count * 10000 >= limit_bps * base_count end as is_over,
        is_matured
    from counted
)

select * from dispute_ratios_monthly
