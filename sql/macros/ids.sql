-- Ids of the facts, made here and nowhere else: who says so, a colon, and its own id.
create or replace macro canonical_id(source, own) as source || ':' || own;
