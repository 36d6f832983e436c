/*
description: >-
  The clocks that run for each return: the trader's own from the warehouse's door and from its receipt, and those of the law, each with the rule that says
  how long (seeds.return_rules).
grain: one row per return and clock that has started
key: [return_id, clock]
owner: data
columns:
  clock: brand (from the door), booked (the same rule from the receipt), sent, received, collection, faulty, undelivered
  started_on: the day that starts it, of the site for brand and booked, else in Europe/London
  due_on: the last day
  kept_amount: what the brand keeps of the return
*/
with started as (
    select return_id, brand, site_calendar, 'brand' as clock, 'brand' as basis, door_on as started_on
    from intermediate.int_returns
    where door_on is not null
    union all
    select return_id, brand, site_calendar, 'booked', 'brand', received_on
    from intermediate.int_returns
    where received_on is not null
    union all
    select return_id, brand, site_calendar, 'sent', 'sent', cast(first_scan_at at time zone 'Europe/London' as date)
    from intermediate.int_returns
    where first_scan_at is not null
    union all
    select return_id, brand, site_calendar, 'received', 'received', cast(
        least(coalesce(hub_delivered_at, received_at), coalesce(received_at, hub_delivered_at)) at time zone 'Europe/London' as date
    )
    from intermediate.int_returns
    where door_on is not null
    union all
    select return_id, brand, site_calendar, 'collection', 'collection', cast(requested_at at time zone 'Europe/London' as date)
    from intermediate.int_returns
    where is_collected
    union all
    -- A shop that lets faulty goods come back agrees that money is owed, once they are on their way.
    select return_id, brand, site_calendar, 'faulty', 'faulty', cast(approved_at at time zone 'Europe/London' as date)
    from intermediate.int_returns
    where is_faulty and approved_at is not null and (first_scan_at is not null or door_on is not null)
    union all
    select r.return_id, r.brand, r.site_calendar, 'undelivered', 'undelivered', cast(r.ended_at at time zone 'Europe/London' as date)
    from intermediate.int_returns as r
    left join (
        select distinct d.order_id
        from intermediate.int_despatches as d
        inner join intermediate.int_parcels as p on p.tracking_no = d.tracking_no
        where p.delivered_at is not null
    ) as a on a.order_id = r.order_id
    where r.ended_at is not null and r.received_at is not null and a.order_id is null
),

ruled as (
    select
        s.*,
        r.rule_id,
        r.days,
        r.day_kind,
        r.kept_amount,
        row_number() over (partition by s.return_id, s.clock order by case when r.brand = '*' then 1 else 0 end, r.rule_id) as place
    from started as s
    inner join seeds.return_rules as r
        on r.basis = s.basis and (r.brand = s.brand or r.brand = '*')
        and s.started_on >= r.valid_from and (r.valid_to is null or s.started_on < r.valid_to)
),

int_return_limits as (
    select
        r.return_id,
        r.clock,
        r.started_on,
        case when r.day_kind = 'working' then u.day_on else cast(date_add('day', r.days, r.started_on) as date) end as due_on,
        r.rule_id,
        coalesce(r.kept_amount, 0) as kept_amount
    from ruled as r
    left join intermediate.int_calendar_days as c
        on c.calendar = r.site_calendar and c.day_on = r.started_on
    left join intermediate.int_calendar_days as u
        on u.calendar = r.site_calendar and u.is_working_day and u.working_day_no = c.working_day_no + r.days
    where r.place = 1
)

select * from int_return_limits
