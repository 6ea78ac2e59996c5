with

tenants as (

    select * from {{ ref('dim_tenant') }}

),

last_accounts as (

    select * from {{ ref('int_last_tenant_accounts') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}
    where closed_as_of is null

),

-- Whoever left was a customer while it used.
final as (

    select
        tenants.tenant_id,
        tenants.first_seen_on,
        tenants.last_seen_on,
        case when last_accounts.account_id is null then 'unmapped' else tenants.plan end as plan,
        case
            when last_accounts.account_id is null then 'unmapped'
            else coalesce(accounts.industry, '(unknown)')
        end as industry,
        case
            when last_accounts.account_id is null then 'unmapped'
            else coalesce(accounts.segment, '(unknown)')
        end as segment,
        coalesce(last_accounts.environment, 'unmapped') as environment,
        -- Whoever is mapped to nobody is a customer that the business forgot, not a test.
        coalesce(last_accounts.environment, 'production') = 'production' as counts
    from tenants
    left join last_accounts on tenants.tenant_id = last_accounts.tenant_id
    left join accounts on last_accounts.account_id = accounts.account_id
    where
        tenants.tenant_id <> '(unknown)'
        and tenants.first_seen_on is not null

)

select * from final
