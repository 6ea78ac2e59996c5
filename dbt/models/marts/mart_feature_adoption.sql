{%- set window_days = var('adoption_window_days') -%}

with

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

tenants as (

    select * from {{ ref('dim_tenant') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

active_tenants as (

    select
        tenants.industry,
        tenants.plan,
        count(*) as active_tenants
    from tenants
    cross join extent
    where tenants.last_seen_on > {{ days_before('extent.as_of_date', window_days) }}
    group by
        tenants.industry,
        tenants.plan

),

windowed as (

    select
        tenants.industry,
        tenants.plan,
        feature_usage.feature_name,
        feature_usage.tenant_id,
        feature_usage.uses,
        feature_usage.event_date,
        extent.as_of_date,
        feature_usage.event_date > {{ days_before('extent.as_of_date', window_days) }} as is_current
    from feature_usage
    cross join extent
    inner join tenants on feature_usage.tenant_id = tenants.tenant_id
    where feature_usage.event_date > {{ days_before('extent.as_of_date', 2 * window_days) }}

),

adoption as (

    select
        industry,
        plan,
        feature_name,
        as_of_date,
        count(distinct case when is_current then tenant_id end) as using_tenants,
        count(distinct case when not is_current then tenant_id end) as previously_using_tenants,
        cast(coalesce(sum(case when is_current then uses end), 0) as bigint) as uses,
        min(event_date) as first_used_on,
        max(event_date) as last_used_on
    from windowed
    group by
        industry,
        plan,
        feature_name,
        as_of_date

),

shared as (

    select
        adoption.*,
        coalesce(active_tenants.active_tenants, 0) as active_tenants,
        cast(adoption.using_tenants as double precision)
        / nullif(active_tenants.active_tenants, 0) as exact_share
    from adoption
    left join active_tenants
        on
            adoption.industry = active_tenants.industry
            and adoption.plan = active_tenants.plan

),

final as (

    select
        industry,
        plan,
        feature_name,
        using_tenants,
        previously_using_tenants,
        active_tenants,
        {{ rounded('exact_share', 4) }} as adoption_share,
        uses,
        first_used_on,
        last_used_on,
        as_of_date
    from shared

)

select * from final
