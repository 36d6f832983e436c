/*
description: >-
  Tracking numbers that stand for more orders than a parcel holds, and parcels of which nothing tells the carrier.
grain: one row per tracking number or carrier's word
key: [kind, word]
owner: operations
severity: warn
*/
with tracking_numbers_all_of_parcels as (
    select
        'too many orders' as kind,
        d.tracking_no as word,
        count(distinct d.source || '|' || d.order_ref) as orders_count
    from canonical.despatches as d
    left join intermediate.int_tracking_numbers as n on n.tracking_no = d.tracking_no
    where d.tracking_no is not null and n.tracking_no is null
    group by d.tracking_no
    union all
    select 'carrier unknown', coalesce(carrier_word, 'none'), sum(orders_count)
    from intermediate.int_tracking_numbers
    where carrier = 'unknown'
    group by coalesce(carrier_word, 'none')
)

select * from tracking_numbers_all_of_parcels
