/*
description: >-
  Lines of the PSP's settlement reports with what they are, whose they are and which order they belong to. A movement of a
  test order stays in the ledger, without order: the batch has to add up.
grain: one row per report line
key: [_file_id, _line]
owner: data
columns:
  gross_settled: gross in the settlement currency at the PSP's own rate, rounded half up to the penny; null without gross
  identity: the columns that tell a movement, since the PSP gives no key
  is_test: a movement of a test order
*/
with entries as (
    select
        e.*,
        b.brand,
        k.order_id,
        coalesce(k.is_test, false) as is_test,
        case when e.net_amount < 0 then m.entry_type_debit else m.entry_type_credit end as entry_type,
        case when e.net_amount < 0 then m.entry_class_debit else m.entry_class_credit end as entry_class,
        cast(round(e.gross_amount * coalesce(
            e.exchange_rate, case when e.gross_currency = e.net_currency then 1 end
        ), 2) as decimal(18, 2)) as gross_settled
    from staging.stg_adyen__settlement_details as e
    left join ops.brands as b on b.merchant_account = e.merchant_account and b.psp = 'adyen'
    left join seeds.map_psp_types as m on m.psp = 'adyen' and m.raw_type = e.type_key
    left join intermediate.int_order_keys as k on k.source = 'adyen' and k.key = upper(e.merchant_reference)
),

int_ledger_entries as (
    select
        merchant_account,
        batch_no,
        raw_type,
        coalesce(entry_type, 'unknown') as entry_type,
        coalesce(entry_class, 'unknown') as entry_class,
        psp_payment_ref,
        psp_modification_ref,
        merchant_reference as merchant_ref,
        case when not is_test then order_id end as order_id,
        brand,
        is_test,
        payment_method,
        payment_method_variant,
        gross_amount,
        gross_currency,
        exchange_rate,
        gross_settled,
        net_amount,
        net_currency,
        coalesce(commission, 0) as commission,
        coalesce(markup, 0) as markup,
        coalesce(scheme_fees, 0) as scheme_fees,
        coalesce(interchange, 0) as interchange,
        case when gross_amount is null then 0 else gross_settled - net_amount end as fee_amount,
        created_at,
        booked_at,
        concat_ws(
            '|',
            merchant_account, cast(batch_no as varchar), lower(raw_type), coalesce(psp_payment_ref, ''),
            coalesce(psp_modification_ref, ''), coalesce(merchant_reference, ''), created_raw, created_zone,
            coalesce(cast(gross_amount as varchar), ''), coalesce(gross_currency, ''), cast(net_amount as varchar),
            net_currency
        ) as identity,
        _source,
        _file_id,
        _line,
        _received_at
    from entries
)

select * from int_ledger_entries
