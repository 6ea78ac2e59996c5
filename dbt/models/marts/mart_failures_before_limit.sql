{#- docs/answers.md, "What came before a failed transformation", defines each column. -#}
with

runs as (

    select * from {{ ref('fct_transformation_runs') }}

),

limit_days as (

    select * from {{ ref('int_limit_days') }}

),

errors as (

    select * from {{ ref('fct_errors_daily') }}
    where error_source <> 'transformation'

),

releases as (

    select * from {{ ref('dim_release') }}

),

incidents as (

    select * from {{ ref('stg_incidents') }}
    where closed_as_of is null

),

tenants as (

    select * from {{ ref('dim_tenant') }}

),

tenant_accounts as (

    select * from {{ ref('stg_map_tenant_account') }}

),

failures as (

    select
        region,
        tenant_id,
        transformation_id,
        transformation_kind,
        service_name,
        service_version,
        error_type,
        attempts,
        ended_at as failed_at,
        cast(ended_at as date) as failed_on
    from runs
    where outcome = 'failed'

),

-- The last report before the failure, or the report by which the limit was reached that day.
use_before as (

    select
        failures.region,
        failures.tenant_id,
        failures.transformation_id,
        limit_days.license_metric,
        limit_days.used_last as used,
        limit_days.limit_last as license_limit,
        limit_days.last_reported_at as used_at,
        limit_days.event_date = failures.failed_on
        and limit_days.first_reached_at <= failures.failed_at as is_reached_that_day,
        limit_days.last_reported_at <= failures.failed_at as is_before,
        limit_days.first_reached_at,
        row_number() over (
            partition by
                failures.region,
                failures.tenant_id,
                failures.transformation_id,
                limit_days.license_metric
            order by limit_days.event_date desc
        ) as place
    from failures
    inner join limit_days
        on
            failures.region = limit_days.region
            and failures.tenant_id = limit_days.tenant_id
            and {{ whole_days('limit_days.event_date', 'failures.failed_on') }}
            between 0 and {{ var('stale_after_days') }}
            and (
                failures.failed_at >= limit_days.last_reported_at
                or failures.failed_at >= limit_days.first_reached_at
            )

),

-- Where a later report of that day lies after the failure, what it says did not hold yet: it is
-- known only that the limit had been reached.
judged as (

    select
        region,
        tenant_id,
        transformation_id,
        license_metric,
        case when is_before then used end as used,
        case when is_before then license_limit end as license_limit,
        case when is_before then used_at else first_reached_at end as used_at,
        case
            when is_reached_that_day then true
            when is_before and used >= license_limit then true
            else false
        end as is_limit_reached
    from use_before
    where place = 1

),

nearest_limit as (

    select
        *,
        row_number() over (
            partition by region, tenant_id, transformation_id
            order by
                case when is_limit_reached then 0 else 1 end asc,
                used / nullif(license_limit, 0) desc nulls last,
                license_metric asc
        ) as place
    from judged

),

errors_before as (

    select
        failures.region,
        failures.tenant_id,
        failures.transformation_id,
        cast(sum(errors.errors) as bigint) as errors
    from failures
    inner join errors
        on
            failures.region = errors.region
            and failures.tenant_id = errors.tenant_id
            and {{ whole_days('errors.event_date', 'failures.failed_on') }} = 1
    group by
        failures.region,
        failures.tenant_id,
        failures.transformation_id

),

failures_before as (

    select
        failures.region,
        failures.tenant_id,
        failures.transformation_id,
        count(*) as failed_runs
    from failures
    inner join failures as earlier
        on
            failures.region = earlier.region
            and failures.tenant_id = earlier.tenant_id
            and failures.transformation_id <> earlier.transformation_id
            and {{ whole_days('earlier.failed_on', 'failures.failed_on') }} in (0, 1)
            and {{ days_between('earlier.failed_at', 'failures.failed_at') }} >= 0
            and {{ days_between('earlier.failed_at', 'failures.failed_at') }} < 1
    group by
        failures.region,
        failures.tenant_id,
        failures.transformation_id

),

last_release as (

    select
        failures.region,
        failures.tenant_id,
        failures.transformation_id,
        max(releases.released_at) as released_at
    from failures
    inner join releases
        on
            failures.region = releases.region
            and failures.service_name = releases.service_name
            and failures.service_version = releases.service_version
            and failures.failed_at >= releases.released_at
    group by
        failures.region,
        failures.tenant_id,
        failures.transformation_id

),

incident_at as (

    select
        failures.region,
        failures.tenant_id,
        failures.transformation_id,
        max(incidents.incident_id) as incident_id
    from failures
    inner join incidents
        on
            coalesce(incidents.region, failures.region) = failures.region
            and coalesce(incidents.service, failures.service_name) = failures.service_name
            and failures.failed_at >= incidents.started_at
            and failures.failed_at <= coalesce(incidents.ended_at, failures.failed_at)
    group by
        failures.region,
        failures.tenant_id,
        failures.transformation_id

),

gathered as (

    select
        failures.*,
        tenant_accounts.account_id,
        tenants.account_name,
        nearest_limit.license_metric,
        nearest_limit.used,
        nearest_limit.license_limit,
        nearest_limit.used_at,
        last_release.released_at,
        incident_at.incident_id,
        coalesce(tenant_accounts.environment, 'unmapped') as environment,
        coalesce(nearest_limit.is_limit_reached, false) as is_limit_reached,
        coalesce(failures_before.failed_runs, 0) as failures_in_day_before,
        coalesce(errors_before.errors, 0) as errors_on_day_before,
        {{ days_between('last_release.released_at', 'failures.failed_at') }} as release_age_days
    from failures
    left join tenants on failures.tenant_id = tenants.tenant_id
    left join tenant_accounts
        on
            failures.tenant_id = tenant_accounts.tenant_id
            and failures.failed_on >= tenant_accounts.valid_from
            and failures.failed_on < tenant_accounts.valid_to
    left join nearest_limit
        on
            failures.region = nearest_limit.region
            and failures.tenant_id = nearest_limit.tenant_id
            and failures.transformation_id = nearest_limit.transformation_id
            and nearest_limit.place = 1
    left join errors_before
        on
            failures.region = errors_before.region
            and failures.tenant_id = errors_before.tenant_id
            and failures.transformation_id = errors_before.transformation_id
    left join failures_before
        on
            failures.region = failures_before.region
            and failures.tenant_id = failures_before.tenant_id
            and failures.transformation_id = failures_before.transformation_id
    left join last_release
        on
            failures.region = last_release.region
            and failures.tenant_id = last_release.tenant_id
            and failures.transformation_id = last_release.transformation_id
    left join incident_at
        on
            failures.region = incident_at.region
            and failures.tenant_id = incident_at.tenant_id
            and failures.transformation_id = incident_at.transformation_id

),

final as (

    select
        region,
        tenant_id,
        transformation_id,
        environment,
        account_id,
        account_name,
        failed_at,
        failed_on,
        transformation_kind,
        error_type,
        attempts,
        license_metric,
        used,
        license_limit,
        {{ rounded(
            'cast(used as double precision) / cast(nullif(license_limit, 0) as double precision)', 4
        ) }} as used_share,
        used_at,
        is_limit_reached,
        service_name,
        service_version,
        released_at,
        incident_id,
        failures_in_day_before,
        errors_on_day_before,
        case
            when is_limit_reached then 'limit'
            when incident_id is not null then 'incident'
            when release_age_days <= {{ var('failure_release_days') }} then 'release'
            when errors_on_day_before > 0 then 'errors'
            else 'nothing'
        end as preceded_by
    from gathered

)

select * from final
