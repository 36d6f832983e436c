/*
description: >-
  What Royal Mail says of a piece as a whole, in the newest answer about it: a summary, or the summary that comes with its events and has
  the estimate.
grain: one row per number
key: [tracking_no]
owner: data
conforms_to: parcel_statuses
rows:
  raw.royal_mail_summaries:
    told_by: {tracking_no: upper(trim(mail_piece_id))}
    left_out:
      says_nothing: mail_piece_id is null or status_category is null
  raw.royal_mail_pieces:
    told_by: {tracking_no: "upper(trim(coalesce(tracking_no, mail_piece_id)))"}
columns:
  status: what the code of the last event means, or else the category; null where neither is known
*/
with told as (
    select
        upper(trim(mail_piece_id)) as tracking_no, origin_country, destination_country, product_name, status_category, last_event_code,
        last_event_raw, cast(null as varchar) as estimated_date, asked_at, _source, _file_id, _line, _received_at
    from raw.royal_mail_summaries
    where mail_piece_id is not null and status_category is not null
    union all
    select
        upper(trim(coalesce(tracking_no, mail_piece_id))), origin_country, destination_country, product_name, status_category, last_event_code,
        last_event_raw, estimated_date, asked_at, _source, _file_id, _line, _received_at
    from raw.royal_mail_pieces
),

estimated as (
    select
        *,
        max_by(try_cast(substr(estimated_date, 1, 10) as date), asked_at) over (partition by _source, tracking_no) as estimated_on,
        min(_received_at) over (partition by _source, tracking_no, status_category, last_event_code) as told_since,
    from told
),

latest as (
    select *
    from estimated
    qualify row_number() over (
        partition by _source, tracking_no
        order by asked_at desc, estimated_date is null, _received_at desc, _file_id desc, _line desc
    ) = 1
),

timed as (
    select
        *,
        upper(nullif(trim(last_event_code), '')) as raw_code,
        -- +0100 and +01:00 both occur.
        system.main.regexp_replace(trim(last_event_raw), '([+-][0-9]{2})([0-9]{2})$', '\1:\2') as event_raw,
    from latest
),

-- Summaries name countries by three letters, as ISO 3166 has them too.
stg_royal_mail__statuses as (
    select
        l.tracking_no,
        coalesce(o.meaning, upper(l.origin_country)) as origin_country,
        coalesce(d.meaning, upper(l.destination_country)) as destination_country,
        l.product_name as product,
        l.status_category as status_raw,
        coalesce(e.meaning, s.meaning) as status,
        case
            when regexp_matches(l.event_raw, ':.*(Z|z|[+-][0-9]{2}(:[0-9]{2})?)$') then try_cast(upper(l.event_raw) as timestamptz)
            else timezone('Europe/London', try_cast(l.event_raw as timestamp))
        end as status_at,
        l.told_since,
        case when e.meaning is not null then e.detail else s.detail end as reason,
        cast(null as varchar) as raw_type,
        l.raw_code,
        cast(null as varchar) as raw_text,
        l.estimated_on,
        l.asked_at,
        l._source,
        l._file_id,
        l._line,
        l._received_at
    from timed as l
    left join seeds.codes as o on o.partner = 'royal_mail' and o.list = 'countries' and o.code = upper(l.origin_country)
    left join seeds.codes as e on e.partner = 'royal_mail' and e.list = 'scans' and e.code = l.raw_code
    left join seeds.codes as s on s.partner = 'royal_mail' and s.list = 'categories' and s.code = upper(trim(l.status_category))
    left join seeds.codes as d on d.partner = 'royal_mail' and d.list = 'countries' and d.code = upper(l.destination_country)
)

select * from stg_royal_mail__statuses
