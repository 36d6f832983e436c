/*
description: Returns that customers announced in a shop, with their label's scans, and their value. Declined and cancelled ones are left out, as are those of test orders.
grain: one row per return
key: [return_id]
owner: data
columns:
  requested_amount: what the customer paid for the units announced
  hub_delivered_at: earliest delivery of the return parcel at the warehouse
  is_faulty: every line of it comes back because the goods were not what was sold
  is_collected: the shop offered to collect it
*/
with lines as (
    select
        r.return_id,
        cast(sum(r.units) as integer) as units_requested,
        bool_and(coalesce(m.is_fault, false)) as is_faulty,
        -- A part of a line is priced by rule: its share of the discounted line, rounded to the smallest unit of its currency.
        sum(cast(cast(round(
            cast(l.discounted_total_amount * c.minor_per_unit as double) * r.units / nullif(l.units_ordered, 0)
        ) as decimal(18, 0)) * c.minor_amount as decimal(18, 4))) as requested_amount
    from canonical.shop_return_lines as r
    left join intermediate.int_order_lines as l on l.line_id = r.line_id
    left join seeds.currencies as c on c.currency = l.currency
    left join seeds.return_reasons as m on m.reason_code = r.reason_code
    group by r.return_id
),

numbered as (
    select
        return_id,
        tracking_no,
        carrier_word,
        row_number() over (partition by return_id order by tracking_no, label_no) as place
    from canonical.return_labels
    where tracking_no is not null
),

labels as (
    select
        l.return_id,
        max(case when l.place = 1 then l.tracking_no end) as tracking_no,
        max(case when l.place = 1 then l.carrier_word end) as provider,
        min(t.accepted_at) as first_scan_at,
        min(t.delivered_at) as hub_delivered_at,
        max(t.last_physical_at) as last_physical_at
    from numbered as l
    left join intermediate.int_tracking_numbers as n on n.tracking_no = l.tracking_no
    left join intermediate.int_parcel_timelines as t on t.carrier = n.carrier and t.tracking_no = n.tracking_no
    group by l.return_id
),

int_announced_returns as (
    select
        r.return_id,
        r.order_id,
        r.return_name,
        coalesce(r.status_raw, r.status) as shop_status,
        r.requested_at,
        r.approved_at,
        r.closed_at,
        o.brand,
        o.site,
        o.currency,
        l.tracking_no,
        l.provider,
        l.first_scan_at,
        l.hub_delivered_at,
        l.last_physical_at,
        coalesce(u.units_requested, 0) as units_requested,
        u.requested_amount,
        coalesce(u.is_faulty, false) as is_faulty,
        coalesce(r.is_collected, false) as is_collected,
        r._file_id,
        r._line
    from canonical.shop_returns as r
    inner join intermediate.int_orders as o on o.order_id = r.order_id
    left join lines as u on u.return_id = r.return_id
    left join labels as l on l.return_id = r.return_id
    where r.status not in ('declined', 'cancelled')
)

select * from int_announced_returns
