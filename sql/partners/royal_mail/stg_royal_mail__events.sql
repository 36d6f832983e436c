/*
description: Scans of mail pieces. Each answer repeats the whole history, so an event is taken once, as it was first seen.
grain: one row per event
key: [scan_key]
owner: data
conforms_to: parcel_scans
rows:
  raw.royal_mail_events:
    told_by:
      tracking_no: upper(trim(tracking_no))
      raw_code: upper(nullif(trim(event_code), ''))
      lower(locality): lower(nullif(trim(location), ''))
    left_out:
      without_number: tracking_no is null
      another_piece: upper(trim(mail_piece_id)) <> upper(trim(tracking_no))
columns:
  scan_key: hash of number, time as sent as an instant, code and place
  occurred_at: exact where an offset stands beside it; else London's wall time
  is_unmapped: Royal Mail sent a code that the map has not
*/
with sent as (
    select
        upper(trim(tracking_no)) as tracking_no,
        -- +0100 and +01:00 both occur.
        system.main.regexp_replace(trim(occurred_raw), '([+-][0-9]{2})([0-9]{2})$', '\1:\2') as occurred_raw,
        upper(nullif(trim(event_code), '')) as raw_code,
        nullif(trim(location), '') as locality,
        _source,
        min({'asked_at': asked_at, 'received_at': _received_at, 'file': _file_id, 'line': _line}) as seen,
    from raw.royal_mail_events
    where tracking_no is not null
        and (mail_piece_id is null or upper(trim(mail_piece_id)) = upper(trim(tracking_no)))
    group by all
),

timed as (
    select
        *,
        -- A day alone ends like an offset: 2026-07-02.
        regexp_matches(occurred_raw, ':.*(Z|z|[+-][0-9]{2}(:[0-9]{2})?)$') as has_offset,
        case
            when regexp_matches(occurred_raw, ':.*(Z|z|[+-][0-9]{2}(:[0-9]{2})?)$') then try_cast(upper(occurred_raw) as timestamptz)
            else timezone('Europe/London', try_cast(occurred_raw as timestamp))
        end as occurred_at,
    from sent
),

keyed as (
    select
        *,
        md5(concat_ws(
            '|', 'royal_mail', tracking_no, coalesce(cast(timezone('UTC', occurred_at) as varchar), occurred_raw, ''),
            coalesce(raw_code, ''), coalesce(lower(locality), '')
        )) as scan_key,
    from timed
),

firsts as (
    select *
    from keyed
    qualify row_number() over (partition by _source, scan_key order by seen) = 1
),

stg_royal_mail__events as (
    select
        f.scan_key,
        f.tracking_no,
        f.occurred_at,
        timezone('Europe/London', f.occurred_at) as occurred_local,
        case when f.has_offset then 'offset' else 'country' end as tz_source,
        coalesce(c.meaning, 'unknown') as status,
        c.detail as reason,
        c.meaning is null as is_unmapped,
        f.raw_code,
        f.locality,
        f.seen.asked_at as first_asked_at,
        f._source,
        f.seen.file as _file_id,
        f.seen.line as _line,
        f.seen.received_at as _received_at
    from firsts as f
    left join seeds.codes as c on c.partner = 'royal_mail' and c.list = 'scans' and c.code = f.raw_code
)

select * from stg_royal_mail__events
