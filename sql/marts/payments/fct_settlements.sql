/*
description: >-
  Settlements of payment providers (a batch, a payout) by currency: what came in, what went out, whether every movement adds up
  to nothing and whether the balance carried over is the one that the settlement before passed on. What no settlement has taken
  in yet stands together as unsettled.
grain: one row per account, settlement and currency
key: [source, account, settlement_ref, settlement_currency]
unit: [[source, account, settlement_ref]]
at_stake: {amount: captures_amount, currency: settlement_currency}
owner: finance
tags: [finance]
columns:
  source: the connection to the provider
  account: the account with the provider
  settlement_ref: the provider's batch or payout, or unsettled
  settlement_currency: currency of the balance and of the amounts
  brand: the brand of the account; null where several share it
  state: {description: "closed if the rows add up to 0 and the opening is what the one before passed on, open for what is unsettled, else broken", not_null: true, accepted: [closed, broken, open]}
  is_balanced: {description: all rows add up to 0, not_null: true}
  is_chained: the opening is what the settlement before passed on; null where there is none before, or it is not known
  received_at: when the report was received
  first_occurred_at: earliest time of a row
  last_occurred_at: latest time of a row
  entries_count: {description: rows of the settlement, not_null: true}
  unmapped_count: {description: rows whose type nobody has mapped, not_null: true}
  opening_amount: {description: balance carried over from the settlement before, not_null: true}
  captures_amount: {description: "captures and their reversals, net of fees", not_null: true}
  refunds_amount: {description: refunds and their reversals, not_null: true}
  chargebacks_amount: {description: chargebacks and their reversals with their fees, not_null: true}
  fees_amount: {description: fees that are rows of their own, not_null: true}
  reserves_amount: {description: money held back and released, not_null: true}
  adjustments_amount: {description: "corrections, invoice deductions and top-ups", not_null: true}
  transfers_out_amount: {description: balance passed on to the next settlement, not_null: true}
  payout_amount: {description: "paid to the bank, below 0", not_null: true}
  unknown_amount: {description: rows whose type nobody has mapped, not_null: true}
  net_sum: {description: all rows of the balance; 0 in a sound settlement, not_null: true}
  chain_difference_amount: opening less what the settlement before passed on; null where there is none before, or it is not known
  _file_id: file of the settlement's last row
  _line: line of that row
  _built_at: the instant that the run asked about
checks:
  - rows: "opening_amount + captures_amount + refunds_amount + chargebacks_amount + fees_amount + reserves_amount + adjustments_amount + transfers_out_amount + payout_amount + unknown_amount = net_sum"
  - rows: "state = 'open' or (state = 'closed') = (is_balanced and coalesce(is_chained, true))"
  - sum_equal:
      by: [source, account, settlement_ref]
      left: sum(captures_amount + refunds_amount + chargebacks_amount + fees_amount + adjustments_amount)
      right: >-
        select source, account, settlement_ref,
        sum(case when entry_class in ('captures', 'refunds', 'chargebacks', 'fees', 'adjustments') then net_amount else 0 end)
        from marts.fct_ledger_entries group by source, account, settlement_ref
  - sum_equal:
      by: [source, account, settlement_ref]
      left: sum(opening_amount + transfers_out_amount + payout_amount + reserves_amount + unknown_amount)
      right: >-
        select source, account, settlement_ref,
        sum(case when entry_class in ('opening', 'transfers_out', 'payout', 'reserves', 'unknown') then net_amount else 0 end)
        from marts.fct_ledger_entries group by source, account, settlement_ref
  - sum_equal:
      by: [source, account, settlement_ref]
      left: sum(entries_count)
      right: select source, account, settlement_ref, count(*) from marts.fct_ledger_entries group by source, account, settlement_ref
*/
with ranked as (
    select
        *,
        row_number() over (
            partition by source, account, settlement_ref, settlement_currency order by _file_id desc, _line desc
        ) as place
    from marts.fct_ledger_entries
),

sums as (
    select
        source,
        account,
        settlement_ref,
        settlement_currency,
        case when count(distinct brand) = 1 then min(brand) end as brand,
        min(occurred_at) as first_occurred_at,
        max(occurred_at) as last_occurred_at,
        cast(count(*) as integer) as entries_count,
        cast(count(case when entry_class = 'unknown' then 1 end) as integer) as unmapped_count,
        sum(case when entry_class = 'opening' then net_amount else 0 end) as opening,
        sum(case when entry_class = 'captures' then net_amount else 0 end) as captures,
        sum(case when entry_class = 'refunds' then net_amount else 0 end) as refunds,
        sum(case when entry_class = 'chargebacks' then net_amount else 0 end) as chargebacks,
        sum(case when entry_class = 'fees' then net_amount else 0 end) as fees,
        sum(case when entry_class = 'reserves' then net_amount else 0 end) as reserves,
        sum(case when entry_class = 'adjustments' then net_amount else 0 end) as adjustments,
        sum(case when entry_class = 'transfers_out' then net_amount else 0 end) as transfers_out,
        sum(case when entry_class = 'payout' then net_amount else 0 end) as payout,
        sum(case when entry_class = 'unknown' then net_amount else 0 end) as unknown,
        sum(case when entry_class <> 'none' then net_amount else 0 end) as net_sum,
        max(case when place = 1 then _file_id end) as _file_id,
        max(case when place = 1 then _line end) as _line
    from ranked
    group by source, account, settlement_ref, settlement_currency
),

-- An account is a partner's, whatever connections its settlements come through.
settled as (
    select *
    from (
        select
            *,
            row_number() over (partition by partner, account, settlement_ref order by _received_at, source) as choice
        from canonical.payouts
    ) as every_one
    where choice = 1
),

chained as (
    select
        s.*,
        n._received_at as received_at,
        -- Without a report of the settlement before there is nothing to compare with; with one, no row means nothing passed on.
        case when p.settlement_ref is not null then s.opening + coalesce(b.transfers_out, 0) end as chain_difference
    from sums as s
    left join canonical.payouts as n
        on n.source = s.source and n.account = s.account and n.settlement_ref = s.settlement_ref
    left join settled as p
        on p.partner = n.partner and p.account = n.account and p.settlement_ref = n.previous_ref
    left join sums as b
        on b.source = p.source and b.account = p.account and b.settlement_ref = p.settlement_ref
        and b.settlement_currency = s.settlement_currency
),

fct_settlements as (
    select
        c.source,
        c.account,
        c.settlement_ref,
        c.settlement_currency,
        c.brand,
        case
            when c.settlement_ref = 'unsettled' then 'open'
            when c.net_sum = 0 and coalesce(c.chain_difference, 0) = 0 then 'closed'
            else 'broken'
        end as state,
        c.net_sum = 0 as is_balanced,
        c.chain_difference = 0 as is_chained,
        c.received_at,
        c.first_occurred_at,
        c.last_occurred_at,
        c.entries_count,
        c.unmapped_count,
        cast(c.opening as decimal(18, 4)) as opening_amount,
        cast(c.captures as decimal(18, 4)) as captures_amount,
        cast(c.refunds as decimal(18, 4)) as refunds_amount,
        cast(c.chargebacks as decimal(18, 4)) as chargebacks_amount,
        cast(c.fees as decimal(18, 4)) as fees_amount,
        cast(c.reserves as decimal(18, 4)) as reserves_amount,
        cast(c.adjustments as decimal(18, 4)) as adjustments_amount,
        cast(c.transfers_out as decimal(18, 4)) as transfers_out_amount,
        cast(c.payout as decimal(18, 4)) as payout_amount,
        cast(c.unknown as decimal(18, 4)) as unknown_amount,
        cast(c.net_sum as decimal(18, 4)) as net_sum,
        cast(c.chain_difference as decimal(18, 4)) as chain_difference_amount,
        c._file_id,
        c._line,
        k.as_of as _built_at
    from chained as c
    cross join ops.clock as k
)

select * from fct_settlements
