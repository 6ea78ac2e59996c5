{{ config(materialized='table') }}
{#-
    What customers use a day: production tenants added up to their account; a tenant of no account
    stands for itself. Levels that were not reported on a day count as last known, up to a week.
-#}
with

license_usage as (

    select
        *,
        license_metric as metric,
        coalesce(account_id, 'tenant:' || tenant_id) as customer_key,
        case when {{ adds_up_over_regions('license_metric') }} then region else '' end
            as series_region
    from {{ ref('fct_license_usage_daily') }}
    where tenant_class in ('production', 'unmapped')

),

ordered as (

    select
        *,
        row_number() over (
            partition by customer_key, metric, tenant_id, series_region, billing_date
            order by last_reported_at desc, region desc
        ) as report_from_last
    from license_usage
    where usage_kind = 'level'

),

level_values as (

    select * from ordered
    where report_from_last = 1

),

series as (

    select
        customer_key,
        metric,
        tenant_id,
        series_region,
        min(billing_date) as first_date
    from level_values
    group by
        customer_key,
        metric,
        tenant_id,
        series_region

),

level_dates as (

    select distinct
        customer_key,
        metric,
        billing_date
    from level_values

),

grid as (

    select
        level_dates.customer_key,
        level_dates.metric,
        level_dates.billing_date,
        series.tenant_id,
        series.series_region,
        level_values.used,
        level_values.reported_limit,
        level_values.license_period,
        level_values.billing_date as reported_on,
        count(level_values.used) over (
            partition by
                level_dates.customer_key,
                level_dates.metric,
                series.tenant_id,
                series.series_region
            order by level_dates.billing_date
        ) as value_number
    from level_dates
    inner join series
        on
            level_dates.customer_key = series.customer_key
            and level_dates.metric = series.metric
            and level_dates.billing_date >= series.first_date
    left join level_values
        on
            level_dates.customer_key = level_values.customer_key
            and level_dates.metric = level_values.metric
            and level_dates.billing_date = level_values.billing_date
            and series.tenant_id = level_values.tenant_id
            and series.series_region = level_values.series_region

),

known as (

    select
        customer_key,
        metric,
        billing_date,
        tenant_id,
        series_region,
        {{ carried('used') }} as used,
        {{ carried('reported_limit') }} as reported_limit,
        {{ carried('license_period') }} as license_period,
        {{ carried('reported_on') }} as reported_on
    from grid

),

levels as (

    select
        customer_key,
        metric,
        'level' as usage_kind,
        billing_date,
        sum(used) as used,
        case when count(reported_limit) = count(*) then sum(reported_limit) end as reported_limit,
        max(license_period) as license_period
    from known
    where
        billing_date <= {{ days_after(var('stale_after_days'), 'reported_on') }}
        and (
            reported_on = billing_date
            or license_period = 'total'
            or (
                license_period = 'month'
                and {{ next_start_of('month', 'reported_on') }} > billing_date
            )
            or (
                license_period = 'year'
                and {{ next_start_of('year', 'reported_on') }} > billing_date
            )
        )
    group by
        customer_key,
        metric,
        billing_date

),

deltas as (

    select
        customer_key,
        metric,
        'delta' as usage_kind,
        billing_date,
        sum(used) as used,
        cast(null as decimal(28, 6)) as reported_limit,
        cast(null as varchar(255)) as license_period
    from license_usage
    where usage_kind = 'delta'
    group by
        customer_key,
        metric,
        billing_date

),

quantities as (

    select * from levels

    union all

    select * from deltas

),

terms_of_day as (

    select
        customer_key,
        metric,
        usage_kind,
        billing_date,
        max(account_id) as account_id,
        max(billing_timezone) as billing_timezone,
        max(contract_line_id) as contract_line_id,
        max(contract_limit) as contract_limit,
        max(last_reported_at) as last_reported_at,
        count(distinct tenant_id) as tenants,
        count(distinct region) as regions,
        min(tenant_id) as first_tenant_id,
        min(region) as first_region,
        max(case when limit_reason = 'limit_mismatch' then 1 else 0 end) = 1 as has_limit_mismatch
    from license_usage
    group by
        customer_key,
        metric,
        usage_kind,
        billing_date

),

final as (

    select
        quantities.customer_key,
        terms_of_day.account_id,
        case when terms_of_day.tenants = 1 then terms_of_day.first_tenant_id end as tenant_id,
        case when terms_of_day.regions = 1 then terms_of_day.first_region end as region,
        quantities.metric,
        quantities.usage_kind,
        quantities.billing_date,
        terms_of_day.billing_timezone,
        cast(quantities.used as decimal(28, 6)) as used,
        terms_of_day.contract_line_id,
        terms_of_day.contract_limit,
        cast(coalesce(terms_of_day.contract_limit, quantities.reported_limit) as decimal(28, 6))
            as license_limit,
        terms_of_day.has_limit_mismatch,
        quantities.license_period,
        terms_of_day.last_reported_at,
        terms_of_day.tenants,
        terms_of_day.regions
    from quantities
    inner join terms_of_day
        on
            quantities.customer_key = terms_of_day.customer_key
            and quantities.metric = terms_of_day.metric
            and quantities.usage_kind = terms_of_day.usage_kind
            and quantities.billing_date = terms_of_day.billing_date

)

select * from final
