{{ config(materialized='table') }}
{#-
    What is billed: production tenants by their account, tenants of no account by themselves. A
    metric that is consumed is billed by what was consumed, another by the peak of its level.
-#}
with

metered_parts as (

    select * from {{ ref('int_metered_parts') }}

),

tenant_accounts as (

    select * from {{ ref('int_tenant_accounts') }}

),

consumed_metrics as (

    select distinct metric from metered_parts
    where usage_kind = 'delta'

),

mapped as (

    select
        metered_parts.*,
        tenant_accounts.account_id,
        case
            when {{ adds_up_over_regions('metered_parts.metric') }} then metered_parts.region
            else ''
        end as series_region
    from metered_parts
    left join tenant_accounts
        on
            metered_parts.tenant_id = tenant_accounts.tenant_id
            and metered_parts.billing_date >= tenant_accounts.valid_from
            and metered_parts.billing_date < tenant_accounts.valid_to
    left join consumed_metrics on metered_parts.metric = consumed_metrics.metric
    where
        (tenant_accounts.environment is null or tenant_accounts.environment = 'production')
        and (metered_parts.usage_kind = 'delta' or consumed_metrics.metric is null)

),

final as (

    select
        coalesce(account_id, 'tenant:' || tenant_id) as customer_key,
        account_id,
        tenant_id,
        metric,
        case when usage_kind = 'delta' then 'consumed' else 'peak' end as usage_basis,
        series_region,
        billing_date,
        received_on,
        cast(
            case when usage_kind = 'delta' then sum(used_sum) else max(used_max) end
            as decimal(28, 6)
        ) as quantity
    from mapped
    group by
        account_id,
        tenant_id,
        metric,
        usage_kind,
        series_region,
        billing_date,
        received_on

)

select * from final
