with

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

tenants as (

    select * from {{ ref('int_adoption_tenants') }}
    where counts

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

-- Weeks that are over: the running one would look like a fall.
tenant_weeks as (

    select distinct
        feature_usage.tenant_id,
        feature_usage.feature_name,
        {{ start_of('week', 'feature_usage.event_date') }} as use_week
    from feature_usage
    cross join extent
    where feature_usage.event_date < {{ start_of('week', days_after(1, 'extent.as_of_date')) }}

),

joined_in as (

    select
        *,
        min(use_week) over (partition by tenant_id, feature_name) as cohort_week
    from tenant_weeks

),

placed as (

    select
        joined_in.*,
        tenants.segment,
        tenants.industry,
        tenants.plan
    from joined_in
    inner join tenants on joined_in.tenant_id = tenants.tenant_id

),

counted as (

    select
        feature_name,
        segment,
        industry,
        plan,
        cohort_week,
        use_week,
        count(*) as using_tenants
    from placed
    group by
        feature_name,
        segment,
        industry,
        plan,
        cohort_week,
        use_week

),

sizes as (

    select
        feature_name,
        segment,
        industry,
        plan,
        cohort_week,
        using_tenants as cohort_tenants
    from counted
    where use_week = cohort_week

),

final as (

    select
        counted.feature_name,
        counted.segment,
        counted.industry,
        counted.plan,
        counted.cohort_week,
        cast({{ whole_days('counted.cohort_week', 'counted.use_week') }} / 7 as integer)
            as weeks_since,
        sizes.cohort_tenants,
        counted.using_tenants
    from counted
    inner join sizes
        on
            counted.feature_name = sizes.feature_name
            and counted.segment = sizes.segment
            and counted.industry = sizes.industry
            and counted.plan = sizes.plan
            and counted.cohort_week = sizes.cohort_week

)

select * from final
