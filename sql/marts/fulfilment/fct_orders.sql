/*
description: >-
  Web orders from the moment at which they could go to delivery: when each stage was reached, how many units of them, how it stands with
  their money, and whether the promises were kept. Test orders are left out. docs/meanings.md says what each number means.
grain: one row per web order
key: [order_id]
unit: order_id
at_stake: {amount: total_amount, currency: currency}
owner: operations
partition_by: [brand]
columns:
  order_id: "the shop's source and its own number, as in aster-vale:5000000001"
  brand: the shop's brand
  order_name: what the customer sees, without the number sign
  shop: the web shop
  site: the warehouse that has it, before that the first one of its brand
  service: {description: "standard or express; unknown for a method that nobody mapped, and then nothing is promised", accepted: [standard, express, unknown]}
  ship_country: ISO code of the destination
  destination_calendar: calendar of the destination
  goods_status:
    description: "how it stands with the goods: the first that fits. releasable could go and is not in the warehouse, on_hold is held back by the shop, not_releasable waits for its money"
    not_null: true
    accepted: [cancelled, nothing_to_ship, delivered, despatched, part_despatched, in_wms, releasable, on_hold, not_releasable]
  money_status:
    description: "how it stands with the money: the first that fits. free came to nothing, on_terms goes before its money"
    not_null: true
    accepted: [free, refunded, part_refunded, paid, part_paid, voided, authorised, on_terms, unpaid]
  wms_status: the warehouse's latest status event
  cancel_reason: the shop's reason, as it words it
  cancel_cause: "what that means; null where the shop tells none, or one that nobody mapped"
  financial_status: the shop's own word for the money
  placed_at: {description: when the customer ordered, not_null: true}
  authorised_at: earliest successful authorisation of the money; null where the shop tells none
  paid_at: earliest successful sale or capture, or the order's own time where it came to nothing; null while unpaid
  releasable_at: "when the warehouse could begin: authorised, paid, free or on agreed terms, and not held back by the shop; null before"
  in_wms_at: when the warehouse had received it
  released_at: when the warehouse had allocated stock
  picked_at: when it was picked
  packed_at: when it was packed
  first_despatched_at: earliest despatch of units
  last_despatched_at: latest despatch of units
  left_whole_at: when the last of the units that are wanted left; null while one has not
  first_accepted_at: when the carrier first had one of its parcels in hand
  first_delivered_at: earliest delivery of a parcel
  last_delivered_at: latest delivery of a parcel
  arrived_whole_at: when the last of the units that are wanted was delivered; null while one has not been
  cancelled_at: when the shop cancelled it
  deleted_at: when the shop was asked about it and had it no longer
  wms_status_at: when the warehouse's latest status event happened
  ship_by_on: site day by which it has to leave; null while it cannot go, and before what the promise counts from
  deliver_by_on: destination day by which it has to arrive; null while it cannot go, and where the brand promises nothing
  deliver_from_at: from when on that day, where the promise says a time
  deliver_to_at: until when on that day, where the promise says a time
  promise_rule_id: the row of promise_rules that promises it; null where none fits
  cut_off_rule_id: the row of cut_off_rules that ship_by_on is of
  wms_ship_by_on: site day by which the warehouse has to send it, counted from its own receipt; null before that
  is_shipped_on_time: "all live units left by ship_by_on, line by line, by what the site's contract calls shipped (dim_sites.shipped_when): is_despatched_on_time or is_handed_over_on_time; null where none is wanted, while it cannot go, and while still possible"
  is_despatched_on_time: the same by the warehouse's own time of despatch
  is_handed_over_on_time: the same by when carriers got them; null also where units left without a number that a carrier can be asked about
  handed_whole_on: site day on which carriers had got the last of the units that are wanted; an evening's collection that passes midnight is of that evening
  is_shipped_on_time_by_wms: is_shipped_on_time by wms_ship_by_on
  is_delivered_on_time: "all live units arrived by deliver_by_on, line by line; null likewise"
  is_delivered_in_window: "all live units had arrived between deliver_from_at and deliver_to_at; null where neither is promised, where none is wanted, and while still possible"
  is_in_full: "all units arrived by deliver_by_on but for those whose cancellation is excused; false as soon as one was cancelled that is not"
  is_otif: "delivered on time and in full; false where one of them is, null while neither is and one is null"
  is_perfect: "is_otif, no parcel lost or damaged, and nothing sent that nobody wanted"
  is_incomplete: {description: "a line of it was rejected or never came, so that its units are too few and no promise is judged", not_null: true}
  lines_count: lines that have to be shipped and were ordered at first
  units_ordered: {description: units of those lines, not_null: true}
  units_cancelled: {description: "units of them cancelled, edited away or refunded unsent", not_null: true}
  units_failed: {description: "those of them whose cause is not excused (seeds.cancel_causes)", not_null: true}
  units_short: {description: units that the warehouse reported short, not_null: true}
  units_despatched: {description: "units that left the warehouse, but for those of lines added later", not_null: true}
  units_delivered: {description: those of them in parcels that are delivered, not_null: true}
  units_left: {description: "units despatched that are wanted, line by line: what a line got too much fills no other", not_null: true}
  units_arrived: {description: those of them in parcels that are delivered, not_null: true}
  units_extra: {description: "units despatched that nobody wanted: more than ordered, after the order had ended, or of a SKU that it does not have", not_null: true}
  units_added: {description: "units of lines added later by an edit or an exchange, cancelled ones taken off", not_null: true}
  units_added_despatched: {description: units of such lines that left the warehouse, not_null: true}
  units_added_delivered: {description: units of such lines in parcels that are delivered, not_null: true}
  added_ship_by_on: day by which lines added later have to leave
  added_deliver_by_on: day by which they have to arrive
  split_count: {description: distinct parcels, not_null: true}
  releasable_to_wms_hours: from releasable_at to the warehouse
  releasable_to_wms_working_hours: the same while the site was open, as are the other working hours; null where its opening hours are not known
  wms_to_picked_hours: from the warehouse's receipt to picked
  wms_to_picked_working_hours: the same while the site was open
  picked_to_despatched_hours: from picked to the first despatch
  picked_to_despatched_working_hours: the same while the site was open
  despatched_to_accepted_hours: from the first despatch to the carrier's first scan
  accepted_to_delivered_hours: from the carrier's first scan to the last delivery
  click_to_ship_hours: from the order to the carrier's first scan
  click_to_door_hours: from the order to the last delivery
  age_hours: from releasable_at to now, of orders that are not cancelled and not delivered
  age_working_hours: the same while the site was open
  total_amount: {description: the shop's total, not_null: true}
  current_total_amount: the shop's total after edits and refunds
  discount_amount: discounts in the total
  shipping_amount: shipping in the total
  tax_amount: tax in the total
  currency: {description: currency of the amounts, not_null: true}
  paid_file_id: file of the row that paid_at is of
  paid_line: its line
  releasable_file_id: file of the row that releasable_at is of
  releasable_line: its line
  _file_id: file of the newest answer about the order
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: brand, to: marts.dim_brands, field: brand}
  - relationship: {column: site, to: marts.dim_sites, field: site}
  - rows: "first_despatched_at is null or first_despatched_at <= last_despatched_at"
  - rows: "units_delivered <= units_despatched"
  - rows: "cut_off_rule_id is null or ship_by_on is not null"
  - rows: "units_arrived <= units_left and units_left + units_extra = units_despatched"
  - sum_equal:
      by: order_id
      left: sum(units_ordered)
      right: select order_id, sum(units_ordered) from marts.fct_order_lines where not is_added group by order_id
*/
with staged as (
    select
        o.*,
        s.in_wms_at,
        s.released_at,
        s.picked_at,
        s.packed_at,
        s.wms_status,
        s.wms_status_at,
        s.first_despatched_at,
        s.last_despatched_at,
        s.first_accepted_at,
        s.first_delivered_at,
        s.last_delivered_at,
        s.handed_whole_on,
        s.units_handed_over,
        s.units_unfollowed,
        coalesce(w.shipped_when, 'despatched') as shipped_when,
        s.lines_count,
        s.units_ordered,
        s.units_cancelled,
        s.units_short,
        s.units_despatched,
        s.units_delivered,
        s.units_added,
        s.units_added_despatched,
        s.units_added_delivered,
        s.added_ship_by_on,
        s.added_deliver_by_on,
        s.split_count,
        s.is_harmed,
        s.units_live,
        s.units_left,
        s.units_arrived,
        s.units_in_time,
        s.units_extra,
        s.units_failed,
        s.left_whole_at,
        s.arrived_whole_at,
        s.arrived_whole_on,
        m.money_status,
        s.told_lines_count,
        h.releasable_to_wms_working_hours,
        h.wms_to_picked_working_hours,
        h.picked_to_despatched_working_hours,
        h.waiting_working_hours,
        coalesce(not o.is_complete, false) as is_incomplete,
        coalesce(o.is_complete, false) as is_known_complete,
        k.as_of,
        cast(at_timezone(k.as_of, o.site_zone) as date) as site_today_on,
        cast(at_timezone(k.as_of, o.destination_zone) as date) as destination_today_on,
        cast(at_timezone(s.left_whole_at, o.site_zone) as date) as left_whole_on
    from intermediate.int_orders as o
    inner join intermediate.int_order_stages as s on s.order_id = o.order_id
    inner join intermediate.int_order_money as m on m.order_id = o.order_id
    left join intermediate.int_order_working_hours as h on h.order_id = o.order_id
    left join ops.sites as w on w.source = o.wms_source and w.site = o.site
    cross join ops.clock as k
),

stated as (
    select
        *,
        case
            when ended_at is not null and units_despatched = 0 then 'cancelled'
            when units_cancelled > 0 and units_live <= 0 and units_despatched = 0 then 'cancelled'
            when units_ordered = 0 and units_despatched = 0 and not is_incomplete and (told_lines_count > 0 or is_known_complete)
                then 'nothing_to_ship'
            when not is_incomplete and units_live > 0 and units_arrived >= units_live then 'delivered'
            -- Nothing is wanted of it any more, and all that left has arrived.
            when not is_incomplete and units_live = 0 and units_despatched > 0 and units_delivered >= units_despatched then 'delivered'
            when not is_incomplete and units_despatched > 0 and units_left >= units_live then 'despatched'
            when units_despatched > 0 then 'part_despatched'
            when in_wms_at is not null then 'in_wms'
            when releasable_at is not null then 'releasable'
            when is_held then 'on_hold'
            else 'not_releasable'
        end as goods_status
    from staged
),

-- An order that cannot go has no days to be judged by, and of one of which nothing is wanted nothing is late. What fills an order is what is wanted of each
-- line: a second despatch makes nothing late, and another article nothing whole.
judged as (
    select
        *,
        case
            when is_incomplete or units_live = 0 then null
            when units_left >= units_live then left_whole_on <= ship_by_on
            when site_today_on > ship_by_on then false
        end as is_despatched_on_time,
        case
            when is_incomplete or units_live = 0 then null
            when units_handed_over >= units_live then handed_whole_on <= ship_by_on
            when units_handed_over + units_unfollowed < units_live and site_today_on > ship_by_on then false
        end as is_handed_over_on_time,
        case
            when is_incomplete or units_live = 0 then null
            when units_left >= units_live then left_whole_on <= wms_ship_by_on
            when site_today_on > wms_ship_by_on then false
        end as is_despatched_on_time_by_wms,
        case
            when is_incomplete or units_live = 0 then null
            when units_handed_over >= units_live then handed_whole_on <= wms_ship_by_on
            when units_handed_over + units_unfollowed < units_live and site_today_on > wms_ship_by_on then false
        end as is_handed_over_on_time_by_wms,
        case
            when is_incomplete or units_live = 0 then null
            when units_arrived >= units_live then arrived_whole_on <= deliver_by_on
            when destination_today_on > deliver_by_on then false
        end as is_delivered_on_time,
        case
            when is_incomplete or units_live = 0 or (deliver_from_at is null and deliver_to_at is null) then null
            when units_arrived >= units_live
                then (deliver_from_at is null or arrived_whole_at >= deliver_from_at) and (deliver_to_at is null or arrived_whole_at <= deliver_to_at)
            when as_of > deliver_to_at then false
        end as is_delivered_in_window,
        case
            when is_incomplete or deliver_by_on is null then null
            when units_failed > 0 then false
            when units_live = 0 then null
            when units_in_time >= units_live then true
            when destination_today_on > deliver_by_on then false
        end as is_in_full
    from stated
),

kept as (
    select
        *,
        case
            when not is_delivered_on_time or not is_in_full then false
            when is_delivered_on_time and is_in_full then true
        end as is_otif
    from judged
),

fct_orders as (
    select
        order_id,
        brand,
        order_name,
        shop,
        site,
        service,
        ship_country,
        destination_calendar,
        goods_status,
        money_status,
        wms_status,
        cancel_reason,
        cancel_cause,
        financial_status,
        placed_at,
        authorised_at,
        paid_at,
        releasable_at,
        in_wms_at,
        released_at,
        picked_at,
        packed_at,
        first_despatched_at,
        last_despatched_at,
        left_whole_at,
        first_accepted_at,
        first_delivered_at,
        last_delivered_at,
        arrived_whole_at,
        cancelled_at,
        deleted_at,
        wms_status_at,
        ship_by_on,
        deliver_by_on,
        deliver_from_at,
        deliver_to_at,
        promise_rule_id,
        cut_off_rule_id,
        wms_ship_by_on,
        case when shipped_when = 'accepted' then is_handed_over_on_time else is_despatched_on_time end as is_shipped_on_time,
        is_despatched_on_time,
        is_handed_over_on_time,
        case when shipped_when = 'accepted' then is_handed_over_on_time_by_wms else is_despatched_on_time_by_wms end as is_shipped_on_time_by_wms,
        handed_whole_on,
        is_delivered_on_time,
        is_delivered_in_window,
        is_in_full,
        is_otif,
        case
            when is_incomplete then null
            when units_extra > 0 or (is_harmed and is_otif is not null) then false
            else is_otif
        end as is_perfect,
        is_incomplete,
        lines_count,
        units_ordered,
        units_cancelled,
        units_failed,
        units_short,
        units_despatched,
        units_delivered,
        units_left,
        units_arrived,
        units_extra,
        units_added,
        units_added_despatched,
        units_added_delivered,
        added_ship_by_on,
        added_deliver_by_on,
        split_count,
        -- Minutes times a sixtieth: dividing decimals is a double on one engine and a rounded decimal on the other.
        cast(date_diff('minute', releasable_at, in_wms_at) * 0.0166666667 as decimal(18, 2)) as releasable_to_wms_hours,
        releasable_to_wms_working_hours,
        cast(date_diff('minute', in_wms_at, picked_at) * 0.0166666667 as decimal(18, 2)) as wms_to_picked_hours,
        wms_to_picked_working_hours,
        cast(date_diff('minute', picked_at, first_despatched_at) * 0.0166666667 as decimal(18, 2))
            as picked_to_despatched_hours,
        picked_to_despatched_working_hours,
        cast(date_diff('minute', first_despatched_at, first_accepted_at) * 0.0166666667 as decimal(18, 2))
            as despatched_to_accepted_hours,
        cast(date_diff('minute', first_accepted_at, last_delivered_at) * 0.0166666667 as decimal(18, 2))
            as accepted_to_delivered_hours,
        cast(date_diff('minute', placed_at, first_accepted_at) * 0.0166666667 as decimal(18, 2))
            as click_to_ship_hours,
        cast(date_diff('minute', placed_at, last_delivered_at) * 0.0166666667 as decimal(18, 2))
            as click_to_door_hours,
        case
            when goods_status not in ('cancelled', 'nothing_to_ship', 'delivered')
                then cast(date_diff('minute', releasable_at, as_of) * 0.0166666667 as decimal(18, 2))
        end as age_hours,
        case when goods_status not in ('cancelled', 'nothing_to_ship', 'delivered') then waiting_working_hours end as age_working_hours,
        total_amount,
        current_total_amount,
        discount_amount,
        shipping_amount,
        tax_amount,
        currency,
        paid_file_id,
        paid_line,
        releasable_file_id,
        releasable_line,
        _file_id,
        _line,
        as_of as _built_at
    from kept
)

select * from fct_orders
