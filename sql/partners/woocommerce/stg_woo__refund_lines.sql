/*
description: Refunded order lines. WooCommerce does not say what became of the units, and keeps them negative; lines of money alone have none.
grain: one row per refunded line
key: [refund_line_id]
owner: data
conforms_to: refund_lines
rows:
  raw.woo_refund_lines:
    told_by: {refund_line_id: "canonical_id(_source, cast(refund_line_id as varchar))"}
    left_out:
      of_no_line: line_id is null
      part_of_a_unit: quantity <> round(quantity)
      in_an_older_answer: >-
        not exists (select 1 from staging.stg_woo__refund_details as d
        where d._source = r._source and d.refund_id = r.refund_id and d._file_id = r._file_id and d._line = r._line)
*/
with latest as (
    select distinct
        l.refund_line_id, l.refund_id, l.order_id, l.line_id, l.quantity, l.total_amount, l.tax_amount,
        l._source, l._file_id, l._line, l._received_at
    from raw.woo_refund_lines as l
    inner join staging.stg_woo__refund_details as d
        on d._source = l._source and d.refund_id = l.refund_id and d._file_id = l._file_id and d._line = l._line
    where l.line_id is not null and l.quantity = round(l.quantity)
),

stg_woo__refund_lines as (
    select
        canonical_id(_source, cast(refund_line_id as varchar)) as refund_line_id,
        canonical_id(_source, cast(refund_id as varchar)) as refund_id,
        canonical_id(_source, cast(order_id as varchar)) as order_id,
        canonical_id(_source, cast(line_id as varchar)) as line_id,
        cast(abs(quantity) as integer) as units,
        'no_restock' as restock,
        -total_amount as subtotal_amount,
        -tax_amount as tax_amount,
        _source,
        _file_id,
        _line,
        _received_at
    from latest
)

select * from stg_woo__refund_lines
