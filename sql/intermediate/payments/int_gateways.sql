/*
description: >-
  Whether what a shop calls a payment's gateway is a provider with whom its brand has an account: by the account's own words, else by the words
  that partners' codes know the provider by.
grain: one row per brand and gateway
key: [brand, gateway]
owner: data
columns:
  gateway: in lower case, as in canonical.payments
  is_provider: the brand has an account with it
  is_known: "somebody has said what it is; one that nobody knows is taken for no provider of the brand's, and queued"
*/
with words as (
    select distinct o.brand, lower(p.gateway) as gateway
    from canonical.payments as p
    inner join intermediate.int_branded_orders as o on o.order_id = p.order_id
    where p.gateway is not null and o.brand is not null and not o.is_test
),

-- Partners' codes are of a folder of partners: that of the account's books, and before there are any the pipeline or the source of that name.
partners as (
    select source, partner from canonical.ledger_entries
    union
    select source, pipeline from ops.feeds
    union
    select source, source from ops.links
),

terms as (
    select a.brand, a.source, p.partner
    from ops.links as a
    inner join partners as p on p.source = a.source
    where a.role = 'account'
),

own as (
    select brand, lower(word) as word from ops.gateways
),

-- Accounts whose words are configured go by those alone.
unworded as (
    select t.brand, t.partner
    from terms as t
    left join ops.gateways as g on g.brand = t.brand and g.source = t.source
    where g.source is null
),

built_in as (
    select w.brand, w.gateway, c.meaning
    from words as w
    inner join seeds.codes as c on c.list = 'gateways' and starts_with(w.gateway, lower(c.code))
),

judged as (
    select
        w.brand,
        w.gateway,
        count(o.word) > 0 as is_own,
        count(b.meaning) > 0 as is_built_in,
        count(u.partner) > 0 as is_unworded
    from words as w
    left join own as o on o.brand = w.brand and o.word = w.gateway
    left join built_in as b on b.brand = w.brand and b.gateway = w.gateway
    left join unworded as u on u.brand = b.brand and u.partner = b.meaning
    group by w.brand, w.gateway
),

int_gateways as (
    select
        brand,
        gateway,
        is_own or is_unworded as is_provider,
        is_own or is_built_in as is_known
    from judged
)

select * from int_gateways
