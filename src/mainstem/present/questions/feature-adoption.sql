-- order: 9
-- question: Who has taken up which feature, by segment?
-- about: Tenants of each segment with any use in 28 days, and those that used the feature; how often, and how soon after they could. By industry, plan and release in the mart.
-- empty: No feature was used.
-- table: slice as segment, feature_name as feature, active_tenants as active, using_tenants as using, adoption_share as adoption, previously_using_tenants as before, uses_per_tenant as uses each, median_days_used as days of 28, median_days_to_first_use as days to first use, early_adoption_share as within 28 days
select
    dimension,
    slice,
    feature_name,
    active_tenants,
    using_tenants,
    adoption_share,
    previously_using_tenants,
    left_out_tenants,
    uses,
    uses_per_tenant,
    median_days_used,
    median_person_share,
    adopted_tenants,
    median_days_to_first_use,
    early_adoption_share
from gold.mart_feature_adoption
where dimension = 'segment'
order by slice asc, adoption_share desc, feature_name asc
