-- An amount in whole smallest units of its currency, half away from zero: 12.345 is 12.35 EUR, 12 JPY and 12.345 KWD. The two numbers are the
-- currency's in seeds.currencies. A model that has to mean the same on Trino writes it out.
create or replace macro minor_rounded(amount, minor_per_unit, minor_amount) as
    cast(cast(round(amount * minor_per_unit) as decimal(18, 0)) * minor_amount as decimal(18, 4));
