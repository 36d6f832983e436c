/*
description: Scans of parcels.
grain: one row per event
key: [scan_key]
owner: data
conforms_to: parcel_scans
rows:
  raw.dhl_events:
    told_by:
      tracking_no: upper(trim(tracking_no))
      raw_type: lower(nullif(trim(status_code), ''))
      lower(locality): lower(nullif(trim(locality), ''))
    left_out:
      another_shipment: upper(trim(shipment_no)) <> upper(trim(tracking_no)) or shipment_no is null
      another_service: >-
        exists (select 1 from raw.dhl_shipments as s where s._file_id = r._file_id and s._line = r._line and s.shipment_no = r.shipment_no
        and lower(s.service) <> lower(url_parameter(s.asked_url, 'service')))
columns:
  occurred_at: null where DHL sent no time that can be read
*/
with stg_dhl__events as (
    select
        scan_key,
        tracking_no,
        occurred_at,
        occurred_local,
        tz_source,
        status,
        reason,
        is_unmapped,
        raw_type,
        raw_code,
        raw_text,
        locality,
        country,
        first_asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from staging.stg_dhl__told
    where told_by = 'event'
)

select * from stg_dhl__events
