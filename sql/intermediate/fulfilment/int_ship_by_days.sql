/*
description: >-
  The day by which a site has to send what may be begun at an instant, by the cut-off rule in force on that day; one for the order's service goes before
  one for any. Instants are those that promises count from, and the warehouse's own receipt.
grain: one row per order and instant
key: [order_id, counted_from]
owner: data
columns:
  counted_on: site day of the instant
  rule_id: the cut-off rule; null where the site has none
  ship_by_on: site day by which it has to leave; null without a rule
*/
with instants as (
    select order_id, releasable_at as counted_from
    from intermediate.int_order_terms
    where releasable_at is not null
    union
    select order_id, placed_at
    from intermediate.int_order_terms
    where releasable_at is not null
    union
    select l.order_id, l.added_at
    from intermediate.int_order_lines as l
    inner join intermediate.int_order_terms as t on t.order_id = l.order_id
    where l.is_added and l.added_at > t.releasable_at
    union
    select order_id, in_wms_at
    from intermediate.int_wms_receipts
),

local_times as (
    select
        i.order_id,
        i.counted_from,
        t.site,
        t.promised_service,
        cast(at_timezone(i.counted_from, t.site_zone) as timestamp) as counted_local
    from instants as i
    inner join intermediate.int_order_terms as t on t.order_id = i.order_id
),

ruled as (
    select
        p.order_id,
        p.counted_from,
        p.counted_local,
        cast(p.counted_local as date) as counted_on,
        coalesce(n.rule_id, a.rule_id) as rule_id
    from local_times as p
    left join seeds.cut_off_rules as n
        on n.site = p.site and n.service = p.promised_service
        and n.valid_from <= cast(p.counted_local as date)
        and (n.valid_to is null or n.valid_to > cast(p.counted_local as date))
    left join seeds.cut_off_rules as a
        on a.site = p.site and a.service = '*'
        and a.valid_from <= cast(p.counted_local as date)
        and (a.valid_to is null or a.valid_to > cast(p.counted_local as date))
),

int_ship_by_days as (
    select
        r.order_id,
        r.counted_from,
        r.counted_on,
        r.rule_id,
        case
            when extract(hour from r.counted_local) * 60 + extract(minute from r.counted_local) < d.cut_off_minute
                then d.day_on
            else d.next_despatch_on
        end as ship_by_on
    from ruled as r
    left join intermediate.int_despatch_days as d on d.rule_id = r.rule_id and d.day_on = r.counted_on
)

select * from int_ship_by_days
