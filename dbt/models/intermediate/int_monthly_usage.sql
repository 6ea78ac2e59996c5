with

resource_usage as (

    select * from {{ ref('fct_resource_consumption_daily') }}

),

license_usage as (

    select * from {{ ref('fct_license_usage_daily') }}

),

tenant_accounts as (

    select * from {{ ref('stg_map_tenant_account') }}

),

consumed as (

    select
        resource_usage.tenant_id,
        tenant_accounts.account_id,
        resource_usage.resource_metric as metric,
        {{ start_of('month', 'resource_usage.event_date') }} as usage_month,
        'consumed' as usage_basis,
        sum(resource_usage.quantity) as quantity
    from resource_usage
    left join tenant_accounts
        on
            resource_usage.tenant_id = tenant_accounts.tenant_id
            and resource_usage.event_date >= tenant_accounts.valid_from
            and resource_usage.event_date < tenant_accounts.valid_to
    group by
        resource_usage.tenant_id,
        tenant_accounts.account_id,
        resource_usage.resource_metric,
        {{ start_of('month', 'resource_usage.event_date') }}

),

region_peaks as (

    select
        license_usage.tenant_id,
        tenant_accounts.account_id,
        license_usage.region,
        license_usage.license_metric as metric,
        {{ start_of('month', 'license_usage.event_date') }} as usage_month,
        max(license_usage.used_max) as quantity
    from license_usage
    left join tenant_accounts
        on
            license_usage.tenant_id = tenant_accounts.tenant_id
            and license_usage.event_date >= tenant_accounts.valid_from
            and license_usage.event_date < tenant_accounts.valid_to
    group by
        license_usage.tenant_id,
        tenant_accounts.account_id,
        license_usage.region,
        license_usage.license_metric,
        {{ start_of('month', 'license_usage.event_date') }}

),

peaks as (

    select
        tenant_id,
        account_id,
        metric,
        usage_month,
        'peak' as usage_basis,
        sum(quantity) as quantity
    from region_peaks
    where metric not in (select resource_usage.resource_metric from resource_usage)
    group by
        tenant_id,
        account_id,
        metric,
        usage_month

),

tenant_usage as (

    select * from consumed

    union all

    select * from peaks

),

-- A tenant without an account stands for itself.
customer_usage as (

    select
        usage_month,
        metric,
        usage_basis,
        quantity,
        account_id,
        case when account_id is null then tenant_id end as tenant_id,
        coalesce(account_id, 'tenant:' || tenant_id) as customer_key
    from tenant_usage

),

final as (

    select
        customer_key,
        account_id,
        tenant_id,
        usage_month,
        metric,
        usage_basis,
        cast(sum(quantity) as decimal(28, 6)) as quantity
    from customer_usage
    group by
        customer_key,
        account_id,
        tenant_id,
        usage_month,
        metric,
        usage_basis
    having sum(quantity) > 0

)

select * from final
