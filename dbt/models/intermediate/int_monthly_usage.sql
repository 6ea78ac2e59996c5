with

resource_usage as (

    select * from {{ ref('fct_resource_consumption_daily') }}

),

license_usage as (

    select * from {{ ref('fct_license_usage_daily') }}

),

tenant_accounts as (

    select * from {{ ref('stg_tenant_accounts') }}

),

consumed as (

    select
        tenant_id,
        resource_metric as metric,
        {{ start_of('month', 'event_date') }} as usage_month,
        'consumed' as usage_basis,
        sum(quantity) as quantity
    from resource_usage
    group by
        tenant_id,
        resource_metric,
        {{ start_of('month', 'event_date') }}

),

region_peaks as (

    select
        tenant_id,
        region,
        license_metric as metric,
        {{ start_of('month', 'event_date') }} as usage_month,
        max(used_max) as quantity
    from license_usage
    group by
        tenant_id,
        region,
        license_metric,
        {{ start_of('month', 'event_date') }}

),

peaks as (

    select
        tenant_id,
        metric,
        usage_month,
        'peak' as usage_basis,
        sum(quantity) as quantity
    from region_peaks
    where metric not in (select resource_usage.resource_metric from resource_usage)
    group by
        tenant_id,
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
        tenant_usage.usage_month,
        tenant_usage.metric,
        tenant_usage.usage_basis,
        tenant_usage.quantity,
        tenant_accounts.account_id,
        case when tenant_accounts.account_id is null then tenant_usage.tenant_id end as tenant_id,
        coalesce(tenant_accounts.account_id, 'tenant:' || tenant_usage.tenant_id) as customer_key
    from tenant_usage
    left join tenant_accounts on tenant_usage.tenant_id = tenant_accounts.tenant_id

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
