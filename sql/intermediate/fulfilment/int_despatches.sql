/*
description: Despatch rows of the warehouses with the order and parcel they are about. Those of test orders are left out. Which lines they fill is in int_despatch_lines.
grain: one row per despatch row
key: [source, _file_id, _line, row_no]
owner: data
columns:
  row_no: tells rows of one line of a file apart, such as those of a document in XML
  order_id: null for an order that no shop knows
  tracking_no: null where the number stands for more orders than a parcel holds
  units_short: what was ordered and not despatched, where the warehouse gave a reason
*/
with int_despatches as (
    select
        d.source,
        d.order_ref,
        k.order_id,
        d.sku,
        d.despatch_ref,
        d.site,
        d.despatched_at,
        n.carrier,
        d.service,
        n.tracking_no,
        d.qty_ordered,
        d.qty_despatched,
        case
            when d.short_reason is not null then coalesce(d.qty_ordered, d.qty_despatched) - d.qty_despatched
            else 0
        end as units_short,
        d.short_reason,
        d.destination_country,
        d.manifest_ref,
        d.manifested_at,
        d.collected_at,
        l.unit_cost_amount,
        l.unit_cost_currency,
        row_number() over (
            partition by d.source, d._file_id, d._line
            order by d.order_ref, d.despatch_ref, d.sku, d.tracking_no, d.qty_ordered, d.qty_despatched, d.short_reason, d.despatched_at
        ) as row_no,
        d._file_id,
        d._line
    from canonical.despatches as d
    left join intermediate.int_order_keys as k on k.source = d.source and k.order_ref = d.order_ref
    left join intermediate.int_order_lines as l
        on l.order_id = k.order_id and l.sku = d.sku and l.sku_choice = 1
    left join intermediate.int_tracking_numbers as n on n.tracking_no = d.tracking_no
    where k.is_test is null or not k.is_test
)

select * from int_despatches
