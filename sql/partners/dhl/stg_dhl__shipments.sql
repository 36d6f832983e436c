/*
description: What DHL says of a parcel as a whole, in its newest answer about the number and the service that were asked for.
grain: one row per tracking number
key: [tracking_no]
owner: data
conforms_to: parcel_statuses
rows:
  raw.dhl_shipments:
    told_by: {tracking_no: upper(trim(tracking_no))}
    left_out:
      another_shipment: upper(trim(shipment_no)) <> upper(trim(tracking_no)) or shipment_no is null
      another_service: lower(service) <> lower(url_parameter(asked_url, 'service'))
columns:
  status: as for events; null where the answer has no status
*/
with latest as (
    select
        *,
        min(_received_at) over (partition by _source, upper(trim(tracking_no)), status_code, status_number, status_text) as told_since
    from raw.dhl_shipments
    where upper(trim(shipment_no)) = upper(trim(tracking_no)) and coalesce(lower(service) = lower(url_parameter(asked_url, 'service')), true)
    qualify row_number() over (
        partition by _source, upper(trim(tracking_no))
        order by asked_at desc, _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_dhl__shipments as (
    select
        upper(trim(l.tracking_no)) as tracking_no,
        upper(l.origin_country) as origin_country,
        upper(l.destination_country) as destination_country,
        l.product,
        l.status_code as status_raw,
        case when t.raw_type is not null or t.raw_code is not null or t.raw_text is not null then t.status end as status,
        t.occurred_at as status_at,
        l.told_since,
        t.reason,
        t.raw_type,
        t.raw_code,
        t.raw_text,
        try_cast(substr(l.estimated_delivery, 1, 10) as date) as estimated_on,
        l.asked_at,
        l._source,
        l._file_id,
        l._line,
        l._received_at
    from latest as l
    left join staging.stg_dhl__told as t
        on t.told_by = 'status' and t._source = l._source and t.tracking_no = upper(trim(l.tracking_no))
)

select * from stg_dhl__shipments
