/*
description: Lines of announced returns, as the newest answer about the return has them.
grain: one row per return line
key: [return_line_id]
owner: data
*/
with answers as (
    select * from raw.shop_return_lines
),

latest as (
    select *
    from answers
    qualify rank() over (
        partition by _source, return_gid
        order by _received_at desc, _file_id desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, return_line_gid
        order by _line desc
    ) = 1
),

stg_shopify__return_lines as (
    select
        _source || ':' || string_split(return_line_gid, '/')[-1] as return_line_id,
        _source || ':' || string_split(return_gid, '/')[-1] as return_id,
        _source || ':' || string_split(line_gid, '/')[-1] as line_id,
        _source as shop,
        quantity,
        upper(reason_raw) as reason_raw,
        _source,
        _file_id,
        _line,
        _received_at
    from once
)

select * from stg_shopify__return_lines
