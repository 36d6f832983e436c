/*
description: >-
  Which order line each despatched unit is of. A warehouse names the SKU alone; where that is on several lines, its units fill them one after the
  other, those ordered at first before those added later, and what is more than all of them want is the last one's.
grain: one row per despatch row and order line
key: [source, _file_id, _line, row_no, line_id]
owner: data
columns:
  units_despatched: units of the row that are of this line
  units_short: units that the warehouse gave a reason for not sending, on the first line that is not full
*/
with sent as (
    select
        source,
        order_id,
        sku,
        despatched_at,
        tracking_no,
        qty_despatched,
        units_short,
        sum(qty_despatched) over (
            partition by order_id, sku
            order by despatched_at, source, _file_id, _line, row_no
            rows between unbounded preceding and current row
        ) as sent_to,
        row_no,
        _file_id,
        _line
    from intermediate.int_despatches
    where order_id is not null
),

lines as (
    select
        line_id,
        order_id,
        sku,
        units_wanted,
        sum(units_wanted) over (
            partition by order_id, sku
            order by added_at nulls first, line_id
            rows between unbounded preceding and current row
        ) as wanted_to,
        row_number() over (partition by order_id, sku order by added_at desc nulls last, line_id desc) as place_from_last
    from intermediate.int_line_demand
    where sku is not null
),

spans as (
    select
        line_id,
        order_id,
        sku,
        wanted_to - units_wanted as wanted_from,
        case when place_from_last = 1 then 1000000000 else wanted_to end as wanted_to
    from lines
),

met as (
    select
        s.source,
        l.order_id,
        l.line_id,
        s.despatched_at,
        s.tracking_no,
        greatest(0, least(s.sent_to, l.wanted_to) - greatest(s.sent_to - s.qty_despatched, l.wanted_from)) as units_despatched,
        case when s.sent_to >= l.wanted_from and s.sent_to < l.wanted_to then s.units_short else 0 end as units_short,
        s.row_no,
        s._file_id,
        s._line
    from sent as s
    inner join spans as l on l.order_id = s.order_id and l.sku = s.sku
),

int_despatch_lines as (
    select
        source,
        order_id,
        line_id,
        despatched_at,
        tracking_no,
        cast(units_despatched as integer) as units_despatched,
        cast(units_short as integer) as units_short,
        row_no,
        _file_id,
        _line
    from met
    where units_despatched > 0 or units_short > 0
)

select * from int_despatch_lines
