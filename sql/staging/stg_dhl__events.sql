/*
description: Scans of parcels. Each answer repeats the whole history, so an event is taken once, as it was first seen.
grain: one row per event
key: [event_key]
owner: data
columns:
  event_key: hash of tracking number, local time, raw codes, text and place
  occurred_at: exact where DHL gave an offset or Z; else the local time of the event's country
  occurred_local: wall time at the event's place, without zone
  tz_source: offset, country (GB and NL), or default (Europe/London, for events without a known country)
  raw_type: one of DHL's five codes (pre-transit, transit, delivered, failure, unknown)
  raw_code: the number of DHL eCommerce; null when DHL sent none
*/
with answers as (
    select *
    from raw.dhl_events
    where upper(trim(shipment_no)) = upper(trim(tracking_no))
),

zoned as (
    select
        *,
        regexp_matches(occurred_raw, '(Z|z|[+-][0-9]{2}:?[0-9]{2})$') as has_offset,
        case upper(country)
            when 'GB' then 'Europe/London'
            when 'NL' then 'Europe/Amsterdam'
        end as country_zone,
    from answers
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

named as (
    select
        upper(trim(tracking_no)) as tracking_no,
        occurred_at,
        timezone(zone, occurred_at) as occurred_local,
        case
            when has_offset then 'offset'
            when country_zone is not null then 'country'
            else 'default'
        end as tz_source,
        lower(nullif(trim(status_code), '')) as raw_type,
        upper(nullif(trim(status_number), '')) as raw_code,
        nullif(trim(description), '') as raw_text,
        nullif(trim(locality), '') as locality,
        upper(nullif(trim(country), '')) as country,
        occurred_raw,
        asked_at as first_asked_at,
        _source,
        _file,
        _line,
        _received_at,
    from timed
),

stg_dhl__events as (
    select
        md5(concat_ws(
            '|',
            tracking_no,
            coalesce(strftime(occurred_local, '%Y-%m-%dT%H:%M:%S.%f'), occurred_raw),
            coalesce(raw_type, ''),
            coalesce(raw_code, ''),
            coalesce(lower(raw_text), ''),
            coalesce(lower(locality), ''),
            coalesce(country, '')
        )) as event_key,
        *,
    from named
    qualify row_number() over (
        partition by event_key
        order by first_asked_at, _received_at, _file, _line
    ) = 1
)

select * from stg_dhl__events
