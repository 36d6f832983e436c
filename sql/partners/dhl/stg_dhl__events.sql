/*
description: Scans of parcels. Each answer repeats the whole history, so an event is taken once, as it was first seen.
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
columns:
  scan_key: hash of tracking number, local time, raw codes, text and place
  occurred_at: exact where DHL gave an offset or Z; else the local time of the event's place
  occurred_local: wall time at the event's place, without zone
  tz_source: offset, country (countries of one zone), or default (Europe/London, for events without a country known here)
  status: what the fine code means, or else the coarse one
  is_unmapped: DHL sent a fine code that the map has not, or a coarse one alone that it has not
  raw_type: one of DHL's five codes (pre-transit, transit, delivered, failure, unknown)
  raw_code: >-
    the number of DHL eCommerce or a code such as ARRIVED_DAMAGED: one word with a figure or an underscore; null when DHL
    sent none or, as in its published examples, words in that field
  raw_text: DHL's description; the words of its status where it sent no description
*/
with sent as (
    -- Most rows are repeats, letter for letter: they go before anything is computed.
    select
        upper(trim(tracking_no)) as tracking_no,
        occurred_raw,
        lower(nullif(trim(status_code), '')) as raw_type,
        case when regexp_full_match(trim(status_number), '\S*[0-9_]\S*') then upper(trim(status_number)) end as raw_code,
        coalesce(nullif(trim(description), ''), nullif(trim(status_number), '')) as raw_text,
        nullif(trim(locality), '') as locality,
        upper(nullif(trim(country), '')) as country,
        _source,
        min({'asked_at': asked_at, 'received_at': _received_at, 'file': _file_id, 'line': _line}) as seen,
    from raw.dhl_events
    where upper(trim(shipment_no)) = upper(trim(tracking_no))
    group by all
),

zoned as (
    select
        s.*,
        regexp_matches(s.occurred_raw, '(Z|z|[+-][0-9]{2}:?[0-9]{2})$') as has_offset,
        z.zone as country_zone,
    from sent as s
    left join seeds.zones_by_place as z on z.country = s.country and z.state = '*' and z.airport = '*'
),

timed as (
    select
        *,
        coalesce(country_zone, 'Europe/London') as zone,
        case
            when has_offset then try_cast(occurred_raw as timestamptz)
            else timezone(coalesce(country_zone, 'Europe/London'), try_cast(occurred_raw as timestamp))
        end as occurred_at,
    from zoned
),

placed as (
    select
        *,
        timezone(zone, occurred_at) as occurred_local,
        case
            when has_offset then 'offset'
            when country_zone is not null then 'country'
            else 'default'
        end as tz_source,
    from timed
),

keyed as (
    select
        *,
        md5(concat_ws(
            '|',
            tracking_no,
            coalesce(cast(occurred_local as varchar), occurred_raw),
            coalesce(raw_type, ''),
            coalesce(raw_code, ''),
            coalesce(lower(raw_text), ''),
            coalesce(lower(locality), ''),
            coalesce(country, '')
        )) as scan_key,
    from placed
),

-- The same event may come once with an offset and once without.
firsts as (
    select *
    from keyed
    qualify row_number() over (partition by _source, scan_key order by seen) = 1
),

stg_dhl__events as (
    select
        f.scan_key,
        f.tracking_no,
        f.occurred_at,
        f.occurred_local,
        f.tz_source,
        coalesce(n.meaning, t.meaning, 'unknown') as status,
        coalesce(n.detail, t.detail) as reason,
        case when f.raw_code is not null then n.meaning is null else t.meaning is null end as is_unmapped,
        f.raw_type,
        f.raw_code,
        f.raw_text,
        f.locality,
        f.country,
        f.seen.asked_at as first_asked_at,
        f._source,
        f.seen.file as _file_id,
        f.seen.line as _line,
        f.seen.received_at as _received_at
    from firsts as f
    -- The feed asks DHL for the service ecommerce, so the numbers are of that list.
    left join seeds.codes as n
        on n.partner = 'dhl' and n.list = 'scans' and n.code = '*' and n.code_2 = f.raw_code
    left join seeds.codes as t
        on t.partner = 'dhl' and t.list = 'scans' and t.code_2 = 'none' and t.code = f.raw_type
)

select * from stg_dhl__events
