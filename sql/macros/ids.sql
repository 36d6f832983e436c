-- Ids of the facts, made here and nowhere else: who says so, a colon, and its own id.
create or replace macro canonical_id(source, own) as source || ':' || own;

-- A stock keeping unit as every system writes it: upper case, without blanks around it; null where nothing is left.
create or replace macro sku_key(sku) as upper(nullif(trim(replace(sku, chr(160), ' ')), ''));
