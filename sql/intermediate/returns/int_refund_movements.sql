/*
description: Refunds as the payment providers' books have them, with what came back of each because the customer's bank did not take it.
grain: one row per provider and reference of a refund
key: [source, psp_ref]
owner: data
columns:
  psp_ref: the provider's reference of the refund; the place of its row where it has none
  sent_amount: what the provider paid back, in the currency the customer paid in
  failed_amount: what came back of it under the same reference
  settled_at: "when the provider booked it; where its reports do not say, when the report was received"
  failed_at: the same of what first came back
*/
with movements as (
    select
        e.*,
        coalesce(e.psp_modification_ref, e._file_id || ':' || cast(e._line as varchar)) as psp_ref,
        -- A report that was received after the instant asked about tells of what had happened by then.
        coalesce(e.booked_at, e._received_at, k.as_of) as known_at
    from intermediate.int_ledger_entries as e
    cross join ops.clock as k
    where e.entry_type in ('refund', 'refund_reversal')
),

-- A refund that the bank sends back has not reached the customer: it counts against the refund of its reference, and is none by itself.
numbered as (
    select
        *,
        row_number() over (partition by source, psp_ref order by _file_id desc, _line desc) as place,
        bool_or(entry_type = 'refund') over (partition by source, psp_ref) as is_refund
    from movements
),

int_refund_movements as (
    select
        source,
        psp_ref,
        min(order_id) as order_id,
        min(brand) as brand,
        min(case when entry_type = 'refund' then settlement_ref end) as settlement_ref,
        min(coalesce(gross_currency, net_currency)) as currency,
        -sum(case when entry_type = 'refund' then coalesce(gross_amount, net_amount) else 0 end) as sent_amount,
        sum(case when entry_type = 'refund_reversal' then coalesce(gross_amount, net_amount) else 0 end) as failed_amount,
        min(case when entry_type = 'refund' then known_at end) as settled_at,
        min(case when entry_type = 'refund_reversal' then known_at end) as failed_at,
        bool_or(is_test) as is_test,
        max(case when place = 1 then _file_id end) as _file_id,
        max(case when place = 1 then _line end) as _line
    from numbered
    where is_refund
    group by source, psp_ref
)

select * from int_refund_movements
