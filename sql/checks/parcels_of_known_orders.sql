/*
description: Parcels whose order no shop knows, of sites that ship nothing but brands whose shops are pulled.
grain: one row per parcel
key: [shipment_id]
owner: operations
severity: warn
*/
with sold as (
    select w.source, w.site
    from ops.links as w
    left join ops.links as s on s.role = 'shop' and s.brand = w.brand
    where w.role = 'warehouse'
    group by w.source, w.site
    having count(*) = count(s.brand)
),

parcels_of_known_orders as (
    select p.shipment_id, p.site, p.despatched_at, p.units_despatched, p._file_id, p._line
    from marts.fct_shipments as p
    inner join (select distinct site from sold) as w on w.site = p.site
    where p.order_id is null
)

select * from parcels_of_known_orders
