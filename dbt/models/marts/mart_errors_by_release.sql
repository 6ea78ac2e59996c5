with

errors as (

    select * from {{ ref('fct_errors_daily') }}

),

releases as (

    select * from {{ ref('dim_release') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

seen as (

    select
        service_name,
        service_version,
        min(first_seen_at) as first_seen_at
    from releases
    group by
        service_name,
        service_version

),

dated as (

    select
        errors.*,
        seen.first_seen_at as release_seen_at,
        extent.as_of_date,
        errors.event_date > {{ days_before('extent.as_of_date', var('error_window_days')) }}
            as is_recent,
        min(seen.first_seen_at) over (
            partition by
                errors.service_name,
                errors.error_source,
                errors.error_type,
                errors.exception_type
        ) as first_release_seen_at
    from errors
    cross join extent
    left join seen
        on
            errors.service_name = seen.service_name
            and errors.service_version = seen.service_version

),

final as (

    select
        service_name,
        service_version,
        error_source,
        error_type,
        exception_type,
        release_seen_at,
        release_seen_at = first_release_seen_at as is_new,
        cast(sum(errors) as bigint) as errors,
        count(distinct case when tenant_id <> '(unknown)' then tenant_id end) as tenants,
        count(distinct region) as regions,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        as_of_date
    from dated
    where is_recent
    group by
        service_name,
        service_version,
        error_source,
        error_type,
        exception_type,
        release_seen_at,
        first_release_seen_at,
        as_of_date

)

select * from final
