/*
description: >-
  Balance transactions, each as the newest answer has it, with the payout that it was paid out in. Amounts come in minor units: their
  number to one is the currency's own.
grain: one row per balance transaction
key: [identity]
owner: data
conforms_to: ledger_entries
rows:
  raw.stripe_balance_transactions:
    told_by: {identity: transaction_id}
  raw.stripe_payout_transactions:
    told_by: {identity: transaction_id}
columns:
  settlement_ref: the payout that itemises it; unsettled while none does
  merchant_ref: the payment intent, or the charge where there is none
*/
with latest as (
    select *
    from raw.stripe_balance_transactions
    qualify row_number() over (
        partition by _source, transaction_id
        order by asked_at desc, _received_at desc, _file_id desc, _line desc
    ) = 1
),

-- As of an instant before a payout was made, what it itemises was waiting.
later as (
    select p._source, p.payout_id
    from raw.stripe_payouts as p
    cross join ops.clock as k
    where p.created_at > k.as_of
),

itemised as (
    select t._source, t.transaction_id, min(t.payout_id) as payout_id
    from raw.stripe_payout_transactions as t
    left join later as l on l._source = t._source and l.payout_id = t.payout_id
    where l.payout_id is null
    group by t._source, t.transaction_id
),

payouts as (
    select distinct _source, payout_id from itemised
),

scaled as (
    select
        l.*,
        cast(power(10, coalesce(cast(e.meaning as integer), 2)) as integer) as units,
        coalesce(t.meaning, 'unknown') as entry_type,
        s.meaning as scheme,
        coalesce(i.payout_id, p.payout_id) as payout_id,
    from latest as l
    left join seeds.codes as e on e.partner = 'stripe' and e.list = 'exponents' and e.code = upper(l.currency)
    left join seeds.codes as t
        on t.partner = 'stripe' and t.list = 'entries' and t.code = l.reporting_category
        and t.code_2 in ('*', case when l.net_minor < 0 then 'debit' else 'credit' end)
    left join seeds.codes as s
        on s.partner = 'stripe' and s.list = 'schemes' and s.code = lower(l.payment_method) and s.code_2 in ('*', lower(l.card_brand))
    left join itemised as i on i._source = l._source and i.transaction_id = l.transaction_id
    -- A payout's own transaction need not be among those that it itemises. What a failed one gives back to the balance has the same source,
    -- and is waiting for another payout.
    left join payouts as p on p._source = l._source and l.source_object = 'payout' and t.meaning = 'payout' and p.payout_id = l.source_id
),

stg_stripe__transactions as (
    select
        _source as account,
        coalesce(payout_id, 'unsettled') as settlement_ref,
        reporting_category as raw_type,
        entry_type,
        case when source_object = 'charge' then source_id else source_charge_id end as payment_ref,
        source_id as movement_ref,
        coalesce(payment_intent_id, case when source_object = 'charge' then source_id else source_charge_id end) as merchant_ref,
        coalesce(payment_method, source_object) as payment_method,
        card_brand as payment_method_variant,
        scheme,
        created_at as occurred_at,
        created_at as booked_at,
        case
            when source_object in ('charge', 'refund', 'dispute')
                then cast(cast(amount_minor as decimal(18, 4)) / units as decimal(18, 4))
        end as gross_amount,
        case when source_object in ('charge', 'refund', 'dispute') then upper(currency) end as gross_currency,
        cast(cast(net_minor as decimal(18, 4)) / units as decimal(18, 4)) as net_amount,
        upper(currency) as net_currency,
        case
            when source_object in ('charge', 'refund', 'dispute')
                then cast(cast(fee_minor as decimal(18, 4)) / units as decimal(18, 4))
        end as processing_fee_amount,
        transaction_id as identity,
        1 as occurrence,
        _source,
        _file_id,
        _line,
        _received_at
    from scaled
)

select * from stg_stripe__transactions
