/*
description: >-
  The rule by which something is promised: for an order that in force on the site day on which it was placed, for lines added later on the day
  on which they were added. Of the rules that fit the most exact counts. A later rule changes nothing of what was asked for before.
grain: one row per order and instant at which something was asked for
key: [order_id, asked_at]
owner: data
columns:
  base: what the promise counts from (placed, releasable or wms_received)
*/
with asked as (
    select order_id, placed_at as asked_at
    from intermediate.int_order_terms
    union
    select order_id, added_at
    from intermediate.int_order_lines
    where is_added
),

terms as (
    select
        a.order_id,
        a.asked_at,
        cast(at_timezone(a.asked_at, t.site_zone) as date) as asked_on,
        t.brand,
        t.site,
        case when t.promised_service <> 'unknown' then t.promised_service end as service,
        t.ship_country,
        t.destination_calendar,
        t.ship_country || ':' || t.destination_region as destination_region
    from asked as a
    inner join intermediate.int_order_terms as t on t.order_id = a.order_id
),

fitting as (
    select
        t.order_id,
        t.asked_at,
        r.rule_id,
        r.base,
        r.transit_working_days,
        r.deliver_from,
        r.deliver_to,
        case when r.brand = '*' then 0 else 1 end
        + case when r.service = '*' then 0 else 1 end
        + case when r.site = '*' then 0 else 1 end
        + case when r.destination = '*' then 0 else 1 end as named_count,
        case
            when r.destination = t.destination_region then 3
            when r.destination = t.ship_country then 1
            when r.destination = t.destination_calendar then 2
            else 0
        end as destination_level
    from terms as t
    inner join seeds.promise_rules as r
        on (r.brand = '*' or r.brand = t.brand)
        and t.service is not null
        and (r.service = '*' or r.service = t.service)
        and (r.site = '*' or r.site = t.site)
        and (
            r.destination = '*' or r.destination = t.ship_country or r.destination = t.destination_calendar
            or r.destination = t.destination_region
        )
        and r.valid_from <= t.asked_on
        and (r.valid_to is null or r.valid_to > t.asked_on)
),

ranked as (
    select
        *,
        row_number() over (
            partition by order_id, asked_at order by named_count desc, destination_level desc, rule_id
        ) as place
    from fitting
),

int_promises as (
    select order_id, asked_at, rule_id, base, transit_working_days, deliver_from, deliver_to
    from ranked
    where place = 1
)

select * from int_promises
