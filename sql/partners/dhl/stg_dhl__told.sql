/*
description: >-
  What DHL tells of parcels: their events, and the status that its newest answer gives to the whole. Each answer repeats the whole history, so an
  event is taken once, as it was first seen. What an answer says of another number, or of another service than was asked for, is left out.
grain: one row per event, and one per parcel for its status
key: [told_key]
owner: data
columns:
  told_by: event or status
  told_key: what tells it among all
  scan_key: hash of tracking number, local time, raw codes, text and place
  occurred_at: exact where DHL gave an offset or Z; else the local time of the place
  occurred_local: wall time at the place, without zone
  tz_source: >-
    offset; country (of one clock); place (in a country of several: its state, airport or city, as the locality names it); or default
    (Europe/London, for places without a zone known here)
  status: what the fine code means, or else the words, or else the coarse code
  is_unmapped: DHL sent a fine code that the map has not; or none, and neither its words nor its coarse code are known
  raw_type: one of DHL's five codes (pre-transit, transit, delivered, failure, unknown)
  raw_code: >-
    the number of DHL eCommerce or a code such as ARRIVED_DAMAGED: one word with a figure or an underscore; null when DHL
    sent none or, as in its published examples, words in that field
  raw_text: DHL's description; the words of its status where it sent no description
*/
with statuses as (
    select *
    from raw.dhl_shipments
    where upper(trim(shipment_no)) = upper(trim(tracking_no)) and coalesce(lower(service) = lower(url_parameter(asked_url, 'service')), true)
    qualify row_number() over (
        partition by _source, upper(trim(tracking_no))
        order by asked_at desc, _received_at desc, _file_id desc, _line desc
    ) = 1
),

of_other_services as (
    select _file_id, _line, shipment_no
    from raw.dhl_shipments
    where lower(service) <> lower(url_parameter(asked_url, 'service'))
),

told as (
    select
        'event' as told_by, tracking_no, occurred_raw, status_code, status_number, description, locality, country,
        asked_at, _received_at, _source, _file_id, _line,
    from raw.dhl_events as e
    where upper(trim(shipment_no)) = upper(trim(tracking_no))
        and not exists (
            select 1 from of_other_services as o
            where o._file_id = e._file_id and o._line = e._line and o.shipment_no = e.shipment_no
        )
    union all
    select
        'status', tracking_no, status_raw_time, status_code, status_number, status_text, status_locality, status_country,
        asked_at, _received_at, _source, _file_id, _line,
    from statuses
),

sent as (
    -- Most rows are repeats, letter for letter: they go before anything is computed.
    select
        told_by,
        upper(trim(tracking_no)) as tracking_no,
        nullif(trim(occurred_raw), '') as occurred_raw,
        lower(nullif(trim(status_code), '')) as raw_type,
        case when regexp_full_match(trim(status_number), '\S*[0-9_]\S*') then upper(trim(status_number)) end as raw_code,
        coalesce(nullif(trim(description), ''), nullif(trim(status_number), '')) as raw_text,
        nullif(trim(locality), '') as locality,
        upper(nullif(trim(country), '')) as country,
        _source,
        min({'asked_at': asked_at, 'received_at': _received_at, 'file': _file_id, 'line': _line}) as seen,
    from told
    group by all
),

countries as (
    select country, zone from seeds.zones_by_place where state = '*' and airport = '*'
),

places as (
    select distinct country, locality from sent
),

-- "Henderson, NV, US" and "NEW YORK CITY GATEWAY - NY - USA": the last word that is a state, though not the first of all.
words as (
    select country, locality, string_split(system.main.regexp_replace(upper(locality), '[^A-Z0-9]+', ' ', 'g'), ' ') as list
    from places
),

placed_words as (
    select country, locality, unnest(list) as word, generate_subscripts(list, 1) as place
    from words
),

named as (
    select w.country, w.locality, z.zone, w.place
    from placed_words as w
    inner join seeds.zones_by_place as z on z.country = w.country and z.state = w.word
    where w.place > 1
    union all
    -- "MAD", "Madrid"
    select p.country, p.locality, z.zone, 1
    from places as p
    inner join seeds.zones_by_place as z
        on z.country = p.country and z.airport = upper(trim(string_split(p.locality, ',')[1])) and z.airport <> '*'
    union all
    select p.country, p.locality, y.zone, 0
    from places as p
    inner join seeds.zones_by_city as y
        on y.country = p.country and y.city = upper(strip_accents(trim(string_split(p.locality, ',')[1])))
),

zones as (
    select country, locality, zone
    from named
    qualify row_number() over (partition by country, locality order by place desc, zone) = 1
),

zoned as (
    select
        s.*,
        regexp_matches(s.occurred_raw, '(Z|z|[+-][0-9]{2}:?[0-9]{2})$') as has_offset,
        c.zone as country_zone,
        z.zone as place_zone,
        coalesce(c.zone, z.zone, 'Europe/London') as zone,
    from sent as s
    left join countries as c on c.country = s.country
    left join zones as z on z.country = s.country and z.locality = s.locality
),

timed as (
    select
        *,
        case
            when has_offset then try_cast(upper(occurred_raw) as timestamptz)
            else timezone(zone, try_cast(occurred_raw as timestamp))
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
            when place_zone is not null then 'place'
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
    qualify row_number() over (partition by _source, told_by, scan_key order by seen) = 1
),

texts as (
    select distinct lower(raw_text) as raw_text from firsts
),

meanings as (
    select x.raw_text, c.meaning, c.detail
    from texts as x
    inner join seeds.codes as c on c.partner = 'dhl' and c.list = 'words' and regexp_matches(x.raw_text, c.pattern)
    qualify row_number() over (partition by x.raw_text order by c.precedence, c.pattern) = 1
),

stg_dhl__told as (
    select
        f.told_by,
        f.told_by || ':' || f._source || ':' || f.scan_key as told_key,
        f.scan_key,
        f.tracking_no,
        f.occurred_at,
        f.occurred_local,
        f.tz_source,
        coalesce(n.meaning, w.meaning, t.meaning, 'unknown') as status,
        case when n.meaning is not null then n.detail when w.meaning is not null then w.detail else t.detail end as reason,
        case when f.raw_code is not null then n.meaning is null else coalesce(w.meaning, t.meaning) is null end as is_unmapped,
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
    left join meanings as w on w.raw_text = lower(f.raw_text)
    left join seeds.codes as t
        on t.partner = 'dhl' and t.list = 'scans' and t.code_2 = 'none' and t.code = f.raw_type
)

select * from stg_dhl__told
