/*
description: Breaks of settlements (R20), and what partners' own models found in their documents.
grain: one row per break
key: [check_id, kind, document]
owner: data
columns:
  first_seen_at: when the report that shows it was received
*/
with accounts as (
    select source, account, case when count(distinct brand) = 1 then min(brand) end as brand
    from ops.links
    where role = 'account'
    group by source, account
),

-- A balance passed on that the next settlement does not take up in any row has no row in fct_settlements to stand in.
dropped as (
    select
        s.source,
        s.account,
        p.settlement_ref,
        s.settlement_currency,
        s.brand,
        s.transfers_out_amount,
        p._received_at as received_at,
        p._file_id,
        p._line
    from marts.fct_settlements as s
    inner join canonical.payouts as o
        on o.source = s.source and o.account = s.account and o.settlement_ref = s.settlement_ref
    inner join canonical.payouts as p
        on p.partner = o.partner and p.account = o.account and p.previous_ref = o.settlement_ref
    left join marts.fct_settlements as n
        on n.source = p.source and n.account = p.account and n.settlement_ref = p.settlement_ref
        and n.settlement_currency = s.settlement_currency
    where s.transfers_out_amount <> 0 and n.settlement_ref is null
),

-- What was kept of a payment beyond its printed fees. One smallest unit is rounding; a disputed payment's fee is printed nowhere in its row.
unexplained as (
    select
        e.*,
        row_number() over (
            partition by e.source, e.account, e.settlement_ref, e.settlement_currency
            order by abs(e.fee_residual_amount) desc, e._file_id, e._line
        ) as place
    from marts.fct_ledger_entries as e
    inner join seeds.currencies as c on c.currency = e.settlement_currency
    where e.entry_class <> 'chargebacks' and abs(e.fee_residual_amount) > c.minor_amount
),

residuals as (
    select
        source,
        account,
        settlement_ref,
        settlement_currency,
        count(*) as entries_count,
        sum(fee_residual_amount) as fee_residual_amount,
        max(case when place = 1 then _file_id end) as _file_id,
        max(case when place = 1 then _line end) as _line
    from unexplained
    group by source, account, settlement_ref, settlement_currency
),

int_breaks_of_settlement as (
    select
        'R20' as check_id,
        'unbalanced' as kind,
        source || ':' || account || ':' || settlement_ref || ':' || settlement_currency as document,
        brand,
        net_sum as amount,
        settlement_currency as currency,
        received_at as first_seen_at,
        'the rows of the settlement add up to ' || regexp_replace(cast(net_sum as varchar), '0{1,2}$', '') as detail,
        _file_id,
        _line
    from marts.fct_settlements
    where state <> 'open' and not is_balanced
    union all
    select
        'R20', 'chain', source || ':' || account || ':' || settlement_ref || ':' || settlement_currency, brand,
        chain_difference_amount, settlement_currency, received_at,
        'opens with ' || regexp_replace(cast(opening_amount as varchar), '0{1,2}$', '') || ', '
            || regexp_replace(cast(chain_difference_amount as varchar), '0{1,2}$', '') || ' more than the one before passed on',
        _file_id, _line
    from marts.fct_settlements
    where not is_chained
    union all
    select
        'R20', 'chain', source || ':' || account || ':' || settlement_ref || ':' || settlement_currency, brand,
        transfers_out_amount, settlement_currency, received_at,
        'the balance that the settlement before passed on is not taken up',
        _file_id, _line
    from dropped
    union all
    select
        'R20', 'fee_residual', s.source || ':' || s.account || ':' || s.settlement_ref || ':' || s.settlement_currency, s.brand,
        u.fee_residual_amount, s.settlement_currency, s.received_at,
        cast(u.entries_count as varchar) || ' lines whose fee is not what their printed fees come to',
        u._file_id, u._line
    from residuals as u
    inner join marts.fct_settlements as s
        on s.source = u.source and s.account = u.account and s.settlement_ref = u.settlement_ref
        and s.settlement_currency = u.settlement_currency
    union all
    select
        f.check_id, f.kind, f.document, a.brand, cast(f.amount as decimal(18, 4)), f.currency,
        f.first_seen_at, f.detail, f._file_id, f._line
    from canonical.findings as f
    left join accounts as a on a.source = f.source and a.account = f.account
)

select * from int_breaks_of_settlement
