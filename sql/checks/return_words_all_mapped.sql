/*
description: Grades of the warehouses and reasons of the shops that nobody has mapped.
grain: one row per source, column and word
key: [code_key]
owner: returns
severity: warn
*/
with return_words_all_mapped as (
    select code_key, source, column_name, raw_code, rows_count, map_in
    from marts.unmapped_codes
    where column_name in ('return_receipts.grade', 'shop_return_lines.reason_code')
)

select * from return_words_all_mapped
