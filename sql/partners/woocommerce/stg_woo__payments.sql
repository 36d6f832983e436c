/*
description: >-
  Payments and refunds as the shop knows them. WooCommerce keeps no list of movements: an order that says when it was paid is one
  sale, a refund that was paid through the gateway one refund. One that was once told to be authorised and not captured is an authorisation,
  of the time at which the order was made.
grain: one row per movement
key: [payment_id]
owner: data
conforms_to: payments
columns:
  payment_ref: the payment intent where the payment plugin leaves one, else the reference that it leaves with the order
  movement_ref: of a sale the plugin's reference, of a refund the provider's reference of it
*/
with refunds as (
    select
        r.*,
        row_number() over (partition by r._source, r.order_id order by r.created_at desc, r.refund_id desc) as recency
    from staging.stg_woo__refund_details as r
),

authorised as (
    select *
    from raw.woo_orders
    where (stripe_captured = 'no' or wcpay_status = 'requires_capture') and status not in ('pending', 'failed')
    qualify row_number() over (partition by _source, order_id order by modified_at, _received_at, _file_id, _line) = 1
),

moved as (
    select
        o._source,
        o.order_id,
        cast(null as bigint) as refund_id,
        cast(o.order_id as varchar) || ':sale' as own_id,
        'sale' as kind,
        o.payment_method as gateway,
        coalesce(nullif(trim(o.stripe_intent_id), ''), nullif(trim(o.wcpay_intent_id), ''), nullif(trim(o.transaction_id), '')) as payment_ref,
        nullif(trim(o.transaction_id), '') as movement_ref,
        o.paid_at as moved_at,
        o.total_amount as amount,
        o.currency,
        o._file_id,
        o._line,
        o._received_at,
    from staging.stg_woo__latest_orders as o
    where o.paid_at is not null and o.total_amount > 0
    union all
    select
        a._source,
        a.order_id,
        null,
        cast(a.order_id as varchar) || ':authorisation',
        'authorisation',
        a.payment_method,
        coalesce(nullif(trim(a.stripe_intent_id), ''), nullif(trim(a.wcpay_intent_id), ''), nullif(trim(a.transaction_id), '')),
        nullif(trim(a.transaction_id), ''),
        coalesce(a.created_at, a.modified_at),
        a.total_amount,
        a.currency,
        a._file_id,
        a._line,
        a._received_at,
    from authorised as a
    union all
    select
        r._source,
        r.order_id,
        r.refund_id,
        cast(r.refund_id as varchar) || ':refund',
        'refund',
        -- Paid by nobody's gateway and without a reference, so by hand.
        case
            when r.refunded_payment = false and nullif(trim(r.stripe_refund_id), '') is null and nullif(trim(r.wcpay_refund_id), '') is null
                and (r.recency > 1 or nullif(trim(o.last_stripe_refund_id), '') is null) then 'manual'
            else o.payment_method
        end,
        coalesce(nullif(trim(o.stripe_intent_id), ''), nullif(trim(o.wcpay_intent_id), ''), nullif(trim(o.transaction_id), '')),
        coalesce(
            nullif(trim(r.stripe_refund_id), ''),
            nullif(trim(r.wcpay_refund_id), ''),
            -- Older plugins leave the reference of the newest refund with the order alone.
            case when r.recency = 1 then nullif(trim(o.last_stripe_refund_id), '') end
        ),
        r.created_at,
        r.amount,
        o.currency,
        r._file_id,
        r._line,
        r._received_at,
    from refunds as r
    inner join staging.stg_woo__latest_orders as o on o._source = r._source and o.order_id = r.order_id
),

stg_woo__payments as (
    select
        canonical_id(m._source, m.own_id) as payment_id,
        canonical_id(m._source, cast(m.order_id as varchar)) as order_id,
        canonical_id(m._source, cast(m.refund_id as varchar)) as refund_id,
        m.kind,
        'success' as outcome,
        m.gateway,
        g.meaning as tender,
        m.payment_ref,
        m.movement_ref,
        m.moved_at,
        m.amount,
        upper(m.currency) as currency,
        m._source,
        m._file_id,
        m._line,
        m._received_at
    from moved as m
    left join seeds.codes as g on g.partner = 'woocommerce' and g.list = 'tenders' and g.code = lower(m.gateway)
)

select * from stg_woo__payments
