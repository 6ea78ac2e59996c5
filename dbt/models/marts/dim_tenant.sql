with

tenant_accounts as (

    select * from {{ ref('stg_tenant_accounts') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}

),

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

license_usage as (

    select * from {{ ref('fct_license_usage_daily') }}

),

resource_usage as (

    select * from {{ ref('fct_resource_consumption_daily') }}

),

active_days as (

    select
        tenant_id,
        region,
        event_date
    from feature_usage

    union

    select
        tenant_id,
        region,
        event_date
    from license_usage

    union

    select
        tenant_id,
        region,
        event_date
    from resource_usage

),

seen as (

    select
        tenant_id,
        min(event_date) as first_seen_on,
        max(event_date) as last_seen_on,
        count(distinct event_date) as active_days,
        count(distinct region) as regions
    from active_days
    group by tenant_id

),

tenants as (

    select tenant_id from seen

    union

    select tenant_id from tenant_accounts

),

final as (

    select
        tenants.tenant_id,
        tenant_accounts.account_id,
        accounts.account_name,
        accounts.account_region,
        seen.first_seen_on,
        seen.last_seen_on,
        coalesce(accounts.industry, '(unknown)') as industry,
        coalesce(accounts.plan, '(unknown)') as plan,
        coalesce(seen.active_days, 0) as active_days,
        coalesce(seen.regions, 0) as regions
    from tenants
    left join tenant_accounts on tenants.tenant_id = tenant_accounts.tenant_id
    left join accounts on tenant_accounts.account_id = accounts.account_id
    left join seen on tenants.tenant_id = seen.tenant_id

)

select * from final
