with

tenant_accounts as (

    select * from {{ ref('int_tenant_accounts') }}

),

last_accounts as (

    select * from {{ ref('int_last_tenant_accounts') }}

),

accounts as (

    select * from {{ ref('dim_account') }}
    where is_current

),

contract_terms as (

    select * from {{ ref('int_contract_terms') }}

),

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

metered_parts as (

    select * from {{ ref('int_metered_parts') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

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
    from metered_parts

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

placed_plans as (

    select
        contract_terms.account_id,
        contract_terms.plan,
        row_number() over (
            partition by contract_terms.account_id
            order by
                case when contract_terms.charge = 'recurring' then 0 else 1 end asc,
                contract_terms.valid_from desc,
                contract_terms.contract_line_id desc
        ) as plan_place
    from contract_terms
    left join extent on true
    where contract_terms.valid_from <= coalesce(extent.as_of_date, contract_terms.valid_from)

),

final as (

    select
        tenants.tenant_id,
        last_accounts.account_id,
        last_accounts.debtor_no,
        case
            when last_accounts.holds_now then last_accounts.environment else 'unmapped'
        end as tenant_class,
        accounts.account_name,
        accounts.account_region,
        accounts.tier,
        accounts.owner,
        last_accounts.billing_timezone,
        seen.first_seen_on,
        seen.last_seen_on,
        coalesce(accounts.industry, '(unknown)') as industry,
        coalesce(accounts.segment, '(unknown)') as segment,
        coalesce(placed_plans.plan, '(unknown)') as plan,
        coalesce(seen.active_days, 0) as active_days,
        coalesce(seen.regions, 0) as regions
    from tenants
    left join last_accounts on tenants.tenant_id = last_accounts.tenant_id
    left join accounts on last_accounts.account_id = accounts.account_id
    left join placed_plans
        on
            last_accounts.account_id = placed_plans.account_id
            and placed_plans.plan_place = 1
    left join seen on tenants.tenant_id = seen.tenant_id

)

select * from final
