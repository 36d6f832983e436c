/*
description: Scans of parcels. Each answer repeats the whole history, so an event is taken once, as it was first seen.
grain: one row per event
key: [event_key]
owner: data
columns:
  event_key: hash of tracking number, local time, raw codes, text and place
  occurred_at: exact where DHL gave an offset or Z; else the local time of the event's country
  occurred_local: wall time at the event's place, without zone
  tz_source: offset, country (countries of one zone), or default (Europe/London, for events without a country known here)
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
        *,
        regexp_matches(occurred_raw, '(Z|z|[+-][0-9]{2}:?[0-9]{2})$') as has_offset,
        case country
            when 'GB' then 'Europe/London' when 'NL' then 'Europe/Amsterdam' when 'IE' then 'Europe/Dublin'
            when 'BE' then 'Europe/Brussels' when 'DE' then 'Europe/Berlin' when 'FR' then 'Europe/Paris'
            when 'AT' then 'Europe/Vienna' when 'CH' then 'Europe/Zurich' when 'LU' then 'Europe/Luxembourg'
            when 'IT' then 'Europe/Rome' when 'PL' then 'Europe/Warsaw' when 'CZ' then 'Europe/Prague'
            when 'DK' then 'Europe/Copenhagen' when 'SE' then 'Europe/Stockholm'
        end as country_zone,
    from sent
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
        )) as event_key,
    from placed
),

-- The same event may come once with an offset and once without.
firsts as (
    select event_key, arg_min(keyed, seen) as e
    from keyed
    group by event_key
),

stg_dhl__events as (
    select
        event_key,
        e.tracking_no,
        e.occurred_at,
        e.occurred_local,
        e.tz_source,
        e.raw_type,
        e.raw_code,
        e.raw_text,
        e.locality,
        e.country,
        e.occurred_raw,
        e.seen.asked_at as first_asked_at,
        e._source,
        e.seen.file as _file_id,
        e.seen.line as _line,
        e.seen.received_at as _received_at,
    from firsts
)

select * from stg_dhl__events
