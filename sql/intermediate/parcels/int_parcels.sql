/*
description: Outbound parcels that the warehouses despatched, with their scans, the carrier's commitment and the rule for lost ones.
grain: one row per outbound tracking number
key: [tracking_no]
owner: data
columns:
  order_id: null for an order that no shop knows
  site: null for a site that is not configured
  service: of the despatch, else of the order; unknown where nobody mapped it
  is_added: nothing is in it but lines that were added later
  lane_days: working days that the lane's rule gives the carrier
  lane_rule_id: the rule in force on handed_over_on that commits the carrier, the most exact of those that fit; null where none does
  collected_at: when the carrier signed for it, by the warehouse's file; null where nobody says so
  commitment_on: destination day by which it does, from when the carrier got it (handed_over_on); null before, and without a rule
  handed_over_on: site day on which the carrier got it, the evening before where a collection passes midnight; null before
  lost_on: the day from which the parcel counts as lost; null if it does not
*/
with despatch_rows as (
    select
        *,
        row_number() over (partition by tracking_no order by despatched_at, _file_id, _line) as place
    from intermediate.int_despatches
    where tracking_no is not null
),

packed as (
    select
        tracking_no,
        max(case when place = 1 then order_id end) as order_id,
        max(case when place = 1 then source end) as source,
        max(case when place = 1 then order_ref end) as order_ref,
        min(carrier) as carrier,
        max(case when place = 1 then site end) as site,
        max(case when place = 1 then service end) as wms_service,
        max(case when place = 1 then destination_country end) as wms_country,
        min(despatched_at) as despatched_at,
        cast(sum(qty_despatched) as integer) as units_despatched,
        -- Costs in several currencies have no sum.
        case when count(distinct unit_cost_currency) <= 1 then sum(qty_despatched * unit_cost_amount) end as cost_amount,
        case when count(distinct unit_cost_currency) <= 1 then max(unit_cost_currency) end as cost_currency,
        max(case when place = 1 then manifest_ref end) as manifest_ref,
        min(manifested_at) as manifested_at,
        min(collected_at) as collected_at,
        max(case when place = 1 then despatch_ref end) as despatch_ref,
        max(case when place = 1 then _file_id end) as _file_id,
        max(case when place = 1 then _line end) as _line
    from despatch_rows
    group by tracking_no
),

-- A parcel of nothing but lines that were added later has their promise, not the order's.
added as (
    select
        d.tracking_no,
        min(p.ship_by_on) as ship_by_on,
        min(p.deliver_by_on) as promised_on
    from intermediate.int_despatch_lines as d
    inner join intermediate.int_order_lines as l on l.line_id = d.line_id
    inner join intermediate.int_order_terms as t on t.order_id = d.order_id
    left join intermediate.int_promised_days as p on p.order_id = d.order_id and p.counted_from = greatest(t.releasable_at, l.added_at)
    where d.tracking_no is not null
    group by d.tracking_no
    having bool_and(l.is_added)
),

-- What the carrier says of the parcel as a whole.
told as (
    select
        coalesce(c.carrier, h.partner) as carrier,
        h.tracking_no,
        h.destination_country,
        h.product,
        -- Without a time it may be no event, yet what time alone decides does not beat it.
        h.status_at is null and h.status in (
            'delivered', 'delivered_damaged', 'available_for_pickup', 'return_to_sender', 'returned', 'destroyed', 'cancelled'
        ) as is_said_to_have_ended,
        row_number() over (
            partition by coalesce(c.carrier, h.partner), h.tracking_no order by h.asked_at desc, h.source, h._file_id, h._line
        ) as recency
    from canonical.parcel_statuses as h
    left join ops.carriers as c on c.source = h.source
),

-- A warehouse that ships one brand alone, whose shop nobody pulls: its parcels are that brand's.
unsold as (
    select w.source, min(w.brand) as brand
    from ops.links as w
    left join ops.links as s on s.role = 'shop' and s.brand = w.brand
    where w.role = 'warehouse'
    group by w.source
    having count(distinct w.brand) = 1 and count(s.brand) = 0
),

addressed as (
    select
        p.tracking_no,
        p.order_id,
        p.order_ref,
        p.source,
        p.carrier,
        s.site,
        p.wms_service,
        p.wms_country,
        p.despatched_at,
        p.units_despatched,
        p.cost_amount,
        p.cost_currency,
        p.manifest_ref,
        p.manifested_at,
        p.collected_at,
        p.despatch_ref,
        p._file_id,
        p._line,
        p.carrier || ':' || p.tracking_no as shipment_id,
        coalesce(o.brand, u.brand) as brand,
        case when i.tracking_no is not null then i.ship_by_on else o.ship_by_on end as ship_by_on,
        case when i.tracking_no is not null then i.promised_on else o.deliver_by_on end as promised_on,
        i.tracking_no is not null as is_added,
        s.time_zone as site_zone,
        coalesce(p.wms_service, o.service, 'unknown') as service,
        coalesce(o.ship_country, p.wms_country, h.destination_country) as destination_country,
        coalesce(o.destination_zone, e.destination_zone) as destination_zone,
        coalesce(o.destination_calendar, e.destination_calendar) as destination_calendar,
        o.destination_region,
        h.product,
        coalesce(h.is_said_to_have_ended, false) as is_said_to_have_ended
    from packed as p
    left join intermediate.int_orders as o on o.order_id = p.order_id
    left join added as i on i.tracking_no = p.tracking_no
    left join unsold as u on u.source = p.source
    left join ops.sites as s on s.source = p.source and s.site = p.site
    left join told as h on h.carrier = p.carrier and h.tracking_no = p.tracking_no and h.recency = 1
    left join intermediate.int_destinations as e
        on e.country = coalesce(p.wms_country, h.destination_country, '') and e.postcode_area = '' and e.postcode_district = ''
),

scanned as (
    select
        a.*,
        t.labelled_at,
        t.accepted_at,
        t.first_attempt_at,
        t.delivered_at,
        coalesce(t.is_returned_after, false) as is_returned_after,
        t.first_damaged_at,
        t.carrier_lost_at,
        t.latest_status,
        t.latest_told_by,
        t.latest_reason,
        t.latest_raw_code,
        t.latest_event_at,
        cast(coalesce(t.attempted_count, 0)
            + case when t.delivered_at is not null then 1 else 0 end as integer) as attempts_count,
        cast(coalesce(t.unmapped_codes, 0) as integer) as unmapped_codes,
        cast(coalesce(t.events_count, 0) as integer) as events_count,
        cast(at_timezone(t.accepted_at, a.destination_zone) as date) as accepted_on,
        -- A signature is before any scan.
        coalesce(least(t.accepted_at, a.collected_at), t.accepted_at, a.collected_at) as taken_at,
        cast(at_timezone(coalesce(t.last_physical_at, a.collected_at), a.destination_zone) as date) as last_known_on,
        cast(at_timezone(t.first_attempt_at, a.destination_zone) as date) as first_attempt_on,
        cast(at_timezone(t.delivered_at, a.destination_zone) as date) as delivered_on,
        cast(at_timezone(t.carrier_lost_at, a.destination_zone) as date) as carrier_lost_on,
        cast(at_timezone(t.first_damaged_at, a.destination_zone) as date) as damaged_on
    from addressed as a
    left join intermediate.int_parcel_timelines as t on t.shipment_id = a.shipment_id
),

-- Of a scan after midnight without a signature: the collection of the evening before, if it lasts until then. A carrier's own row comes first.
scans as (
    select
        tracking_no,
        site,
        carrier,
        cast(at_timezone(taken_at, site_zone) as timestamp) as taken_local,
        cast(date_add('day', -1, cast(at_timezone(taken_at, site_zone) as date)) as date) as evening_on
    from scanned
    where collected_at is null and taken_at is not null
),

evenings as (
    select
        s.tracking_no,
        s.evening_on,
        c.collects_to <= c.collects_from
        and extract(hour from s.taken_local) * 60 + extract(minute from s.taken_local)
        < cast(substr(c.collects_to, 1, 2) as integer) * 60 + cast(substr(c.collects_to, 4) as integer) as is_of_evening,
        row_number() over (partition by s.tracking_no order by case when c.carrier = '*' then 1 else 0 end, c.rule_id) as place
    from scans as s
    inner join seeds.collection_rules as c
        on c.site = s.site and (c.carrier = s.carrier or c.carrier = '*')
        and c.iso_weekday = day_of_week(s.evening_on)
        and c.valid_from <= s.evening_on and (c.valid_to is null or c.valid_to > s.evening_on)
),

handed as (
    select
        s.*,
        coalesce(e.evening_on, cast(at_timezone(s.taken_at, coalesce(s.site_zone, s.destination_zone)) as date)) as handed_over_on,
        coalesce(e.evening_on, cast(at_timezone(s.taken_at, s.destination_zone) as date)) as taken_on
    from scanned as s
    left join evenings as e on e.tracking_no = s.tracking_no and e.place = 1 and e.is_of_evening
),

lanes as (
    select
        s.tracking_no,
        r.rule_id,
        r.transit_working_days,
        case when r.service = '*' then 0 else 1 end
        + case when r.site = '*' then 0 else 1 end
        + case when r.destination = '*' then 0 else 1 end as named_count,
        case
            when r.destination = s.destination_country || ':' || s.destination_region then 3
            when r.destination = s.destination_country then 1
            when r.destination = s.destination_calendar then 2
            else 0
        end as destination_level
    from handed as s
    inner join seeds.lane_rules as r
        on r.carrier = s.carrier
        and (r.service = s.service or (r.service = '*' and s.service <> 'unknown'))
        and (r.site = '*' or r.site = s.site)
        and (
            r.destination = '*' or r.destination = s.destination_country or r.destination = s.destination_calendar
            or r.destination = s.destination_country || ':' || s.destination_region
        )
        and r.valid_from <= s.handed_over_on
        and (r.valid_to is null or r.valid_to > s.handed_over_on)
),

ranked_lanes as (
    select
        *,
        row_number() over (partition by tracking_no order by named_count desc, destination_level desc, rule_id) as place
    from lanes
),

counted as (
    select
        s.*,
        n.rule_id as lane_rule_id,
        n.transit_working_days as lane_days,
        case
            when n.transit_working_days = 0 then f.due_day_no
            else f.working_day_no + n.transit_working_days
        end as commitment_no,
        g.working_day_no + 3 as silent_no
    from handed as s
    left join ranked_lanes as n on n.tracking_no = s.tracking_no and n.place = 1
    left join intermediate.int_calendar_days as f
        on f.calendar = s.destination_calendar and f.day_on = s.taken_on
    left join intermediate.int_calendar_days as g
        on g.calendar = s.destination_calendar and g.day_on = s.last_known_on
),

judged as (
    select
        c.*,
        d.day_on as commitment_on,
        -- Both days of the rule are working days of one calendar, so the later day is the one with the greater ordinal.
        case
            when c.commitment_no is not null and c.delivered_at is null and not c.is_said_to_have_ended
                and (
                    c.latest_status in ('in_transit', 'out_for_delivery', 'attempted', 'exception_delay', 'accepted', 'unknown')
                    -- Without a scan the signature says that the carrier has it.
                    or (c.accepted_at is null and coalesce(c.latest_status, 'label_created') = 'label_created')
                )
                and k.business_on >= l.day_on then l.day_on
        end as rule_lost_on
    from counted as c
    cross join (
        select cast(as_of at time zone 'Europe/London' as date) as business_on from ops.clock
    ) as k
    left join intermediate.int_calendar_days as d
        on d.calendar = c.destination_calendar and d.is_working_day and d.working_day_no = c.commitment_no
    left join intermediate.int_calendar_days as l
        on l.calendar = c.destination_calendar and l.is_working_day
        and l.working_day_no = greatest(c.commitment_no + 1, c.silent_no)
),

int_parcels as (
    select
        *,
        case
            when latest_status = 'lost' then 'carrier'
            when rule_lost_on is not null and accepted_at is null then 'manifest'
            when rule_lost_on is not null then 'rule'
        end as lost_how,
        case
            when latest_status = 'lost' then carrier_lost_on
            else rule_lost_on
        end as lost_on
    from judged
)

select * from int_parcels
