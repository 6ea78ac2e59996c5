{#- What stays out of revenue, adoption and billing is counted here, beside what does not. -#}
with

license_usage as (

    select * from {{ ref('fct_license_usage_daily') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

final as (

    select
        license_usage.tenant_class,
        license_usage.license_metric as metric,
        license_usage.usage_kind,
        count(distinct license_usage.tenant_id) as tenants,
        count(distinct license_usage.account_id) as accounts,
        cast(sum(license_usage.reports) as bigint) as reports,
        cast(
            case license_usage.usage_kind when 'delta' then sum(license_usage.used) end
            as decimal(28, 6)
        ) as used,
        extent.as_of_date
    from license_usage
    inner join extent
        on
            license_usage.billing_date
            > {{ days_before('extent.as_of_date', var('revenue_window_days')) }}
    group by
        license_usage.tenant_class,
        license_usage.license_metric,
        license_usage.usage_kind,
        extent.as_of_date

)

select * from final
