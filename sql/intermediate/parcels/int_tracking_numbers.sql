/*
description: >-
  Numbers that warehouses and shops gave to parcels, outbound and return, and whose they are: by the carrier's name beside the number, else
  by the number's form, else unknown. A number that stands for more orders than a parcel holds ("COLLECTION") is no parcel's.
grain: one row per tracking number
key: [tracking_no]
owner: data
columns:
  carrier: as configured; the built-in name where no carrier of the group has the word; unknown where nothing tells it
  carrier_how: configured, word, number or unknown
  carrier_word: what stood beside the number
  begun_at: when it was first told of
  last_begun_at: when it was last despatched or put on a label, for a number that was given again
  orders_count: orders that warehouses despatched under it
*/
with told as (
    select source, order_ref, tracking_no, carrier_word, despatched_at as begun_at, 1 as is_outbound
    from canonical.despatches
    where tracking_no is not null
    union all
    select source, null, tracking_no, carrier_word, _received_at, 0
    from canonical.return_labels
    where tracking_no is not null
),

numbers as (
    select
        tracking_no,
        min(begun_at) as begun_at,
        max(begun_at) as last_begun_at,
        max(is_outbound) as is_outbound,
        count(distinct source || '|' || order_ref) as orders_count,
        min(case when is_outbound = 1 then carrier_word end) as outbound_word,
        min(carrier_word) as any_word
    from told
    group by tracking_no
    having count(distinct source || '|' || order_ref) <= 5
),

worded as (
    select
        n.*,
        coalesce(n.outbound_word, n.any_word) as carrier_word
    from numbers as n
),

words as (
    select distinct carrier_word from worded where carrier_word is not null
),

word_matches as (
    select
        w.carrier_word,
        c.meaning,
        row_number() over (partition by w.carrier_word order by c.precedence, c.meaning) as choice
    from words as w
    inner join seeds.codes as c on c.list = 'carrier_words' and regexp_like(upper(w.carrier_word), c.pattern)
),

word_carriers as (
    select
        w.carrier_word,
        min(o.carrier) as configured,
        min(m.meaning) as built_in
    from words as w
    left join ops.carrier_words as o on upper(o.word) = upper(w.carrier_word)
    left join word_matches as m on m.carrier_word = w.carrier_word and m.choice = 1
    group by w.carrier_word
),

form_matches as (
    select
        n.tracking_no,
        c.meaning,
        row_number() over (partition by n.tracking_no order by c.precedence, c.meaning) as choice
    from numbers as n
    inner join seeds.codes as c on c.list = 'tracking_numbers' and regexp_like(n.tracking_no, c.pattern)
),

-- A built-in name is the group's own where one of its carriers goes by those terms.
carriers as (
    select terms, min(carrier) as carrier from ops.carriers group by terms
),

int_tracking_numbers as (
    select
        n.tracking_no,
        coalesce(c.configured, k.carrier, c.built_in, f.carrier, m.meaning, 'unknown') as carrier,
        case
            when c.configured is not null then 'configured'
            when c.built_in is not null then 'word'
            when m.meaning is not null then 'number'
            else 'unknown'
        end as carrier_how,
        n.carrier_word,
        n.begun_at,
        n.last_begun_at,
        n.is_outbound = 1 as is_outbound,
        n.orders_count
    from worded as n
    left join word_carriers as c on c.carrier_word = n.carrier_word
    left join carriers as k on k.terms = c.built_in
    left join form_matches as m on m.tracking_no = n.tracking_no and m.choice = 1
    left join carriers as f on f.terms = m.meaning
)

select * from int_tracking_numbers
