with

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

tenants as (

    select * from {{ ref('int_adoption_tenants') }}

),

features as (

    select * from {{ ref('dim_feature') }}

),

extent as (

    select distinct
        as_of_date,
        telemetry_from
    from {{ ref('int_telemetry_extent') }}

),

first_uses as (

    select
        tenant_id,
        feature_name,
        min(event_date) as first_used_on
    from feature_usage
    group by
        tenant_id,
        feature_name

),

-- A tenant can use a feature from the day on which both were there.
pairs as (

    select
        tenants.tenant_id,
        features.feature_name,
        first_uses.first_used_on,
        extent.as_of_date,
        extent.telemetry_from,
        greatest(tenants.first_seen_on, features.first_used_on) as available_on
    from tenants
    cross join features
    cross join extent
    left join first_uses
        on
            tenants.tenant_id = first_uses.tenant_id
            and features.feature_name = first_uses.feature_name
    where tenants.counts

),

final as (

    select
        tenant_id,
        feature_name,
        available_on,
        first_used_on,
        available_on > telemetry_from as is_start_known,
        {{ whole_days('available_on', 'first_used_on') }} as days_to_first_use,
        {{ whole_days('available_on', 'as_of_date') }} as days_observed
    from pairs

)

select * from final
