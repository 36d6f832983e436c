/*
description: What the scans of each parcel, outbound or return, say together.
grain: one row per parcel with an event
key: [shipment_id]
owner: data
columns:
  latest_status: >-
    canonical status of the latest event by instant, then rank; an event below accepted never wins over one that is not
  latest_told_by: scan, or status of the parcel as a whole
  delivered_at: earliest delivery, whatever came after it
  is_returned_after: it was delivered, and went back later under the same number
  attempted_count: distinct instants of failed attempts
*/
with events as (
    select
        *,
        row_number() over (
            partition by shipment_id
            order by
                case when is_physical then 1 else 0 end desc,
                occurred_at desc,
                status_rank desc,
                event_key
        ) as recency
    from intermediate.int_parcel_events
    where occurred_at is not null and not is_of_earlier_parcel
),

summed as (
    select
        shipment_id,
        min(carrier) as carrier,
        min(tracking_no) as tracking_no,
        min(case when is_physical then occurred_at end) as accepted_at,
        max(case when is_physical then occurred_at end) as last_physical_at,
        min(case
            when status in ('attempted', 'delivered', 'delivered_damaged', 'available_for_pickup') then occurred_at
        end) as first_attempt_at,
        min(case when status = 'label_created' then occurred_at end) as labelled_at,
        count(distinct case when status = 'attempted' then occurred_at end) as attempted_count,
        min(case when status in ('delivered', 'delivered_damaged') then occurred_at end) as delivered_at,
        max(case when status in ('return_to_sender', 'returned') then occurred_at end) as last_back_at,
        min(case when status in ('exception_damaged', 'delivered_damaged', 'destroyed') then occurred_at end) as first_damaged_at,
        min(case when status = 'lost' then occurred_at end) as carrier_lost_at,
        count(case when is_unmapped then 1 end) as unmapped_codes,
        count(case when told_by = 'scan' then 1 end) as events_count,
        max(case when recency = 1 then status end) as latest_status,
        max(case when recency = 1 then told_by end) as latest_told_by,
        max(case when recency = 1 then reason end) as latest_reason,
        max(case when recency = 1 then raw_code end) as latest_raw_code,
        max(case when recency = 1 then raw_text end) as latest_raw_text,
        max(case when recency = 1 then occurred_at end) as latest_event_at,
        max(case when recency = 1 then _file_id end) as _file_id,
        max(case when recency = 1 then _line end) as _line
    from events
    group by shipment_id
),

int_parcel_timelines as (
    select
        *,
        coalesce(last_back_at > delivered_at, false) as is_returned_after
    from summed
)

select * from int_parcel_timelines
