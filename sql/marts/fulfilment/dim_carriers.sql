/*
description: The group's carriers.
grain: one row per carrier
key: [carrier]
unit: none
owner: operations
columns:
  carrier: the group's name of it
  source: the connection that is asked about its parcels; null where none is
  terms: the carrier whose codes and terms it goes by
  words: what warehouses and shops call it beside its built-in names, separated by commas
*/
with words as (
    select carrier, array_join(array_agg(word order by word), ',') as words
    from ops.carrier_words
    group by carrier
),

dim_carriers as (
    select
        c.carrier,
        nullif(c.source, '') as source,
        c.terms,
        w.words
    from ops.carriers as c
    left join words as w on w.carrier = c.carrier
)

select * from dim_carriers
