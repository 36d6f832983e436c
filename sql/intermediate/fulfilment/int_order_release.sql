/*
description: >-
  When each web order could go: its money was authorised or paid, it cost nothing, or shop and customer agreed that the goods go first; and the
  shop held it back no more. The clock of the warehouse starts there.
grain: one row per order
key: [order_id]
owner: data
columns:
  authorised_at: earliest successful authorisation, also of money that was captured later
  paid_at: >-
    earliest successful sale or capture, whatever it was paid with; the order's own time where it came to nothing. Null while unpaid
  paid_file_id: file of the row that paid_at is of
  paid_line: its line
  terms_at: when it was agreed that the goods go before the money
  is_held: the shop holds it back, and nothing of it has left
  releasable_at: >-
    the earliest of authorised_at, paid_at, terms_at and, of an order that came to nothing, placed_at; or the end of the last hold that began before anything left, if that is later. Null
    while there is none of them, and while it is held
  releasable_file_id: file of the row that releasable_at is of
  releasable_line: its line
*/
with movements as (
    select
        order_id,
        kind = 'authorisation' as is_authorisation,
        moved_at,
        _file_id,
        _line,
        row_number() over (partition by order_id, kind = 'authorisation' order by moved_at, _file_id, _line) as place
    from canonical.payments
    where outcome = 'success' and kind in ('authorisation', 'sale', 'capture') and moved_at is not null
),

orders as (
    select
        o.order_id,
        o.placed_at,
        o.total_amount,
        o.terms_at,
        o._file_id,
        o._line,
        a.moved_at as authorised_at,
        a._file_id as authorised_file_id,
        a._line as authorised_line,
        coalesce(p.moved_at, case when o.total_amount = 0 then o.placed_at end) as paid_at,
        case when p.order_id is null and o.total_amount = 0 then o._file_id else p._file_id end as paid_file_id,
        case when p.order_id is null and o.total_amount = 0 then o._line else p._line end as paid_line
    from intermediate.int_branded_orders as o
    left join movements as a on a.order_id = o.order_id and a.is_authorisation and a.place = 1
    left join movements as p on p.order_id = o.order_id and not p.is_authorisation and p.place = 1
),

reasons as (
    select order_id, authorised_at as agreed_at, authorised_file_id as _file_id, authorised_line as _line, 1 as rank_no
    from orders
    union all
    select order_id, paid_at, paid_file_id, paid_line, 2
    from orders
    union all
    select order_id, terms_at, _file_id, _line, 3
    from orders
    union all
    select order_id, placed_at, _file_id, _line, 4
    from orders
    where total_amount = 0
),

firsts as (
    select
        *,
        row_number() over (partition by order_id order by agreed_at, rank_no) as place
    from reasons
    where agreed_at is not null
),

lefts as (
    select order_id, min(despatched_at) as left_at
    from intermediate.int_despatches
    where order_id is not null and qty_despatched > 0
    group by order_id
),

-- The last hold before anything left. What left although it was held was let go when it left.
holds as (
    select
        h.order_id,
        l.left_at,
        case when h.released_at is null or h.released_at > l.left_at then l.left_at else h.released_at end as let_go_at,
        h._file_id,
        h._line,
        row_number() over (partition by h.order_id order by h.held_at desc, h._file_id desc, h._line desc) as recency
    from canonical.order_holds as h
    left join lefts as l on l.order_id = h.order_id
    where l.left_at is null or h.held_at < l.left_at
),

int_order_release as (
    select
        o.order_id,
        o.authorised_at,
        o.paid_at,
        o.paid_file_id,
        o.paid_line,
        o.terms_at,
        h.order_id is not null and h.let_go_at is null as is_held,
        case
            when h.order_id is null or h.let_go_at <= f.agreed_at then f.agreed_at
            when h.let_go_at > f.agreed_at then h.let_go_at
        end as releasable_at,
        case
            when h.order_id is null or h.let_go_at <= f.agreed_at then f._file_id
            when h.let_go_at > f.agreed_at then h._file_id
        end as releasable_file_id,
        case
            when h.order_id is null or h.let_go_at <= f.agreed_at then f._line
            when h.let_go_at > f.agreed_at then h._line
        end as releasable_line
    from orders as o
    left join firsts as f on f.order_id = o.order_id and f.place = 1
    left join holds as h on h.order_id = o.order_id and h.recency = 1
)

select * from int_order_release
