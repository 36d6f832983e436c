/*
description: >-
  Rows and values that are set aside, since their date is outside the calendar or their currency unknown. marts.rows_set_aside has them with
  file and line: ask the partner to send them right.
grain: one row per source, fact, column, fault and currency
key: [source, fact, column_name, why, currency]
owner: operations
severity: warn
*/
with rows_all_placed as (
    select
        source,
        fact,
        column_name,
        why,
        currency,
        count(*) as rows_count,
        sum(amount_at_stake) as amount_at_stake,
        min(value) as example_value,
        max_by(_file_id, aside_key) as example_file,
        max_by(_line, aside_key) as example_line
    from marts.rows_set_aside
    group by source, fact, column_name, why, currency
)

select * from rows_all_placed
