/*
description: What DHL says of a parcel as a whole, in its newest answer about the number that was asked for.
grain: one row per tracking number
key: [tracking_no]
owner: data
conforms_to: parcel_statuses
rows:
  raw.dhl_shipments:
    told_by: {tracking_no: upper(trim(tracking_no))}
    left_out:
      another_shipment: upper(trim(shipment_no)) <> upper(trim(tracking_no)) or shipment_no is null
columns:
  tracking_no: an answer about another shipment with that number is left out (DHL gives one when no service is named)
*/
with latest as (
    select *
    from raw.dhl_shipments
    where upper(trim(shipment_no)) = upper(trim(tracking_no))
    qualify row_number() over (
        partition by _source, upper(trim(tracking_no))
        order by asked_at desc, _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_dhl__shipments as (
    select
        upper(trim(tracking_no)) as tracking_no,
        upper(origin_country) as origin_country,
        upper(destination_country) as destination_country,
        product,
        status_code as status_raw,
        try_cast(substr(estimated_delivery, 1, 10) as date) as estimated_on,
        asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from latest
)

select * from stg_dhl__shipments
