/*
description: >-
  Web orders without test orders, with all that their promises hang on: when they were paid, when the warehouse may begin, the site that has
  them and where they go.
grain: one row per order
key: [order_id]
owner: data
columns:
  paid_at: >-
    earliest successful sale or capture, whatever it was paid with; the order's own time where it came to nothing. Null while unpaid
  paid_file_id: file of the row that paid_at is of
  paid_line: its line
  ended_at: when it was cancelled, or was found to be deleted in the shop
  releasable_at: when the warehouse may begin
  promised_service: the delivery that the customer chose; unknown where nobody mapped the method, and then nothing is promised
*/
with movements as (
    select
        order_id,
        moved_at,
        _file_id,
        _line,
        row_number() over (partition by order_id order by moved_at, _file_id, _line) as place
    from canonical.payments
    where outcome = 'success' and kind in ('sale', 'capture') and moved_at is not null
),

placed as (
    select
        o.*,
        coalesce(o.cancelled_at, o.deleted_at) as ended_at,
        coalesce(p.moved_at, case when o.total_amount = 0 then o.placed_at end) as paid_at,
        case when p.order_id is null and o.total_amount = 0 then o._file_id else p._file_id end as paid_file_id,
        case when p.order_id is null and o.total_amount = 0 then o._line else p._line end as paid_line,
        b.currency as shop_currency,
        i.source as wms_source,
        s.site,
        s.time_zone as site_zone,
        s.calendar as site_calendar,
        coalesce(o.service, 'unknown') as promised_service,
        d.destination_zone,
        d.destination_calendar,
        d.destination_region
    from intermediate.int_branded_orders as o
    inner join intermediate.int_order_sites as i on i.order_id = o.order_id
    left join movements as p on p.order_id = o.order_id and p.place = 1
    left join ops.brands as b on b.brand = o.brand
    left join ops.sites as s on s.source = i.source and s.site = i.site
    left join intermediate.int_destinations as d
        on d.country = coalesce(o.ship_country, '')
        and d.postcode_area = coalesce(o.ship_postcode_area, '')
        and d.postcode_district = coalesce(o.ship_postcode_district, '')
    where not o.is_test
),

int_order_terms as (
    select
        *,
        paid_at as releasable_at
    from placed
)

select * from int_order_terms
