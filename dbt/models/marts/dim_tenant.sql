with

map_tenant_account as (

    select * from {{ ref('stg_map_tenant_account') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}
    where closed_as_of is null

),

contract_lines as (

    select * from {{ ref('stg_contract_lines') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

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

tenant_accounts as (

    select
        map_tenant_account.tenant_id,
        map_tenant_account.account_id
    from map_tenant_account
    inner join extent
        on
            map_tenant_account.valid_from <= extent.as_of_date
            and map_tenant_account.valid_to > extent.as_of_date

),

lines_from_last as (

    select
        contract_lines.account_id,
        contract_lines.plan,
        row_number() over (
            partition by contract_lines.account_id
            order by contract_lines.valid_from desc, contract_lines.contract_line_id desc
        ) as line_from_last
    from contract_lines
    inner join extent
        on
            contract_lines.valid_from <= extent.as_of_date
            and contract_lines.valid_to > extent.as_of_date

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
        accounts.region as account_region,
        seen.first_seen_on,
        seen.last_seen_on,
        coalesce(accounts.industry, '(unknown)') as industry,
        coalesce(lines_from_last.plan, '(unknown)') as plan,
        coalesce(seen.active_days, 0) as active_days,
        coalesce(seen.regions, 0) as regions
    from tenants
    left join tenant_accounts on tenants.tenant_id = tenant_accounts.tenant_id
    left join accounts on tenant_accounts.account_id = accounts.account_id
    left join lines_from_last
        on
            tenant_accounts.account_id = lines_from_last.account_id
            and lines_from_last.line_from_last = 1
    left join seen on tenants.tenant_id = seen.tenant_id

)

select * from final
