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
    inner join canonical.payouts as p
        on p.source = s.source and p.account = s.account and p.previous_ref = s.settlement_ref
    left join marts.fct_settlements as n
        on n.source = p.source and n.account = p.account and n.settlement_ref = p.settlement_ref
        and n.settlement_currency = s.settlement_currency
    where s.transfers_out_amount <> 0 and n.settlement_ref is null
),

int_breaks_of_settlement as (
    select
        'R20' as check_id,
        'unbalanced' as kind,
        account || ':' || settlement_ref || ':' || settlement_currency as document,
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
        'R20', 'chain', account || ':' || settlement_ref || ':' || settlement_currency, brand,
        chain_difference_amount, settlement_currency, received_at,
        'opens with ' || regexp_replace(cast(opening_amount as varchar), '0{1,2}$', '') || ', '
            || regexp_replace(cast(chain_difference_amount as varchar), '0{1,2}$', '') || ' more than the one before passed on',
        _file_id, _line
    from marts.fct_settlements
    where not is_chained
    union all
    select
        'R20', 'chain', account || ':' || settlement_ref || ':' || settlement_currency, brand,
        transfers_out_amount, settlement_currency, received_at,
        'the balance that the settlement before passed on is not taken up',
        _file_id, _line
    from dropped
    union all
    select
        f.check_id, f.kind, f.document, a.brand, cast(f.amount as decimal(18, 4)), f.currency,
        f.first_seen_at, f.detail, f._file_id, f._line
    from canonical.findings as f
    left join accounts as a on a.source = f.source and a.account = f.account
)

select * from int_breaks_of_settlement
