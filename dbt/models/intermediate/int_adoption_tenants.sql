with

tenants as (

    select * from {{ ref('dim_tenant') }}

),

tenant_accounts as (

    select * from {{ ref('stg_map_tenant_account') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}
    where closed_as_of is null

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

-- What holds on the data date, else what held last: whoever left was a customer while it used.
placed as (

    select
        tenant_accounts.*,
        row_number() over (
            partition by tenant_accounts.tenant_id
            order by tenant_accounts.valid_from desc
        ) as place
    from tenant_accounts
    cross join extent
    where tenant_accounts.valid_from <= extent.as_of_date

),

final as (

    select
        tenants.tenant_id,
        tenants.first_seen_on,
        tenants.last_seen_on,
        case when placed.account_id is null then 'unmapped' else tenants.plan end as plan,
        case
            when placed.account_id is null then 'unmapped'
            else coalesce(accounts.industry, '(unknown)')
        end as industry,
        case
            when placed.account_id is null then 'unmapped'
            else coalesce(accounts.segment, '(unknown)')
        end as segment,
        coalesce(placed.environment, 'unmapped') as environment,
        -- Whoever is mapped to nobody is a customer that the business forgot, not a test.
        coalesce(placed.environment, 'production') = 'production' as counts
    from tenants
    left join placed
        on
            tenants.tenant_id = placed.tenant_id
            and placed.place = 1
    left join accounts on placed.account_id = accounts.account_id
    where
        tenants.tenant_id <> '(unknown)'
        and tenants.first_seen_on is not null

)

select * from final
