-- $1: a JSON list of {source, name}. The orders that are called so, source '' being any: name, order_id.
with called as (
    select unnest(from_json($1, '[{"source": "VARCHAR", "name": "VARCHAR"}]')) as entry
),

wanted as ( -- not distinct unnest(…, recursive := true): that is distinct by its first column alone, and leaves one name of each source
    select distinct entry.source as source, entry.name as name
    from called
)

select distinct w.name, o.order_id
from wanted as w
inner join canonical.orders as o
    on w.source in ('', o.source) and w.name in (upper(o.order_name), upper(o.order_no), upper(o.order_id))
union
-- People leave out the letters that a name begins with, and the source before an id, as in trace.
select distinct w.name, o.order_id
from wanted as w
inner join canonical.orders as o
    on w.source = '' and w.name in (regexp_replace(o.order_name, '^[^0-9]+', ''), upper(split_part(o.order_id, ':', 2)))
union
select distinct w.name, k.order_id
from wanted as w
inner join intermediate.int_order_keys as k on w.source in ('', k.source) and k.order_ref = w.name
where k.order_id is not null
order by all
