with

accounts as (

    select * from {{ ref('stg_accounts') }}

),

tenant_accounts as (

    select * from {{ ref('int_tenant_accounts') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

tenants_now as (

    select
        tenant_accounts.account_id,
        count(*) as tenants,
        sum(case when tenant_accounts.environment = 'production' then 1 else 0 end)
            as production_tenants
    from tenant_accounts
    cross join extent
    where
        extent.as_of_date >= tenant_accounts.valid_from
        and extent.as_of_date < tenant_accounts.valid_to
    group by tenant_accounts.account_id

),

versions as (

    select
        *,
        row_number() over (partition by account_id order by first_as_of desc) as version_from_last
    from accounts

),

final as (

    select
        versions.account_id,
        versions.first_as_of as valid_from,
        versions.closed_as_of as valid_to,
        versions.version_from_last = 1 as is_current,
        versions.account_name,
        versions.industry,
        versions.segment,
        versions.tier,
        versions.owner,
        versions.region as account_region,
        coalesce(tenants_now.tenants, 0) as tenants,
        cast(coalesce(tenants_now.production_tenants, 0) as bigint) as production_tenants
    from versions
    left join tenants_now on versions.account_id = tenants_now.account_id

)

select * from final
