/*
description: Refunds of the shops that moved money, with what was given back and why. Those of test orders are left out.
grain: one row per refund
key: [refund_id]
owner: data
columns:
  web_amount: successful refund transactions; the shop's own total while the details are not known
  provided_amount: the part of it that went through a payment provider of the brand; all of it while the details are not known
  presentment_amount: that part in the currency that the customer paid in, where the shop tells it
  is_provided: any of it did
  credited_amount: the part that became a gift card or credit in the shop
  kind: "return or cancel by its lines; else lost, damaged, not_returned, price or goodwill where the shop's reason says so; shipping; else goodwill"
  lines_text: order lines and units given back, carriage and duties, to tell two equal refunds; null for a refund without any
*/
with moved as (
    select
        refund_id,
        sum(case when outcome = 'success' then amount else 0 end) as amount,
        sum(case when outcome = 'success' and is_provided then amount else 0 end) as provided_amount,
        bool_or(is_provided) as is_provided,
        sum(case when outcome = 'success' and not is_provided and tender in ('gift_card', 'store_credit') then amount else 0 end) as credited_amount,
        case
            when count(case when outcome = 'success' and is_provided and presentment_amount is null then 1 end) = 0
                and count(distinct case when outcome = 'success' and is_provided then presentment_currency end) = 1
                then sum(case when outcome = 'success' and is_provided then presentment_amount end)
        end as presentment_amount,
        min(case when outcome = 'success' and is_provided then presentment_currency end) as presentment_currency,
        min(currency) as currency
    from intermediate.int_payments
    where kind = 'refund'
    group by refund_id
),

lines as (
    select
        refund_id,
        bool_or(restock = 'return') as is_return,
        bool_or(restock = 'cancel') as is_cancel,
        array_join(
            array_agg(line_id || ' x ' || cast(units as varchar) order by line_id, units), ', '
        ) as lines_text
    from canonical.refund_lines
    group by refund_id
),

int_shop_refunds as (
    select
        t.refund_id,
        t.order_id,
        t.return_id,
        o.brand,
        t.refunded_at,
        coalesce(m.amount, case when t.has_details then 0 else t.total_amount end) as web_amount,
        coalesce(m.provided_amount, case when t.has_details then 0 else t.total_amount end) as provided_amount,
        coalesce(m.is_provided, not t.has_details) as is_provided,
        coalesce(m.credited_amount, 0) as credited_amount,
        m.presentment_amount,
        case when m.presentment_amount is not null then m.presentment_currency end as presentment_currency,
        coalesce(m.currency, t.currency, o.currency) as currency,
        case
            when l.is_return then 'return'
            when l.is_cancel then 'cancel'
            when t.reason is not null then t.reason
            when l.refund_id is null and coalesce(t.shipping_amount, 0) + coalesce(t.duty_amount, 0) > 0
                and coalesce(t.shipping_amount, 0) + coalesce(t.duty_amount, 0) >= coalesce(m.amount, t.total_amount) then 'shipping'
            else 'goodwill'
        end as kind,
        nullif(concat_ws(', ', l.lines_text, 'shipping ' || regexp_replace(cast(nullif(t.shipping_amount, 0) as varchar), '0{1,2}$', ''),
            'duty ' || regexp_replace(cast(nullif(t.duty_amount, 0) as varchar), '0{1,2}$', '')), '') as lines_text,
        t._file_id,
        t._line
    from canonical.refunds as t
    inner join intermediate.int_orders as o on o.order_id = t.order_id
    left join moved as m on m.refund_id = t.refund_id
    left join lines as l on l.refund_id = t.refund_id
    where m.amount > 0 or t.total_amount > 0
)

select * from int_shop_refunds
