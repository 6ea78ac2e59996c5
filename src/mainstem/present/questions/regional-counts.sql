-- order: 4
-- question: What is used in the regions whose records stay?
-- about: Weekly counts that those regions publish, rounded; cells of too few tenants stand together as all others or are withheld, so that these add up to no total.
-- empty: No region publishes weekly counts, or none has been loaded yet.
-- table: region, week_start as week from, kind, cell, amount as count, least_tenants as tenants at least, round_to as rounded to
select
    region,
    week_start,
    kind,
    cell,
    amount,
    least_tenants,
    round_to,
    made_at
from gold.mart_regional_counts
where week_start > (select max(week_start) from gold.mart_regional_counts) - interval 28 day
order by region, week_start desc, kind, is_other, amount desc, cell
