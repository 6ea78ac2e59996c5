{#- Revenue is apportioned by use, which docs/answers.md defines and bounds. -#}
with

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

tenant_accounts as (

    select * from {{ ref('stg_map_tenant_account') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}
    where closed_as_of is null

),

contract_lines as (

    select * from {{ ref('stg_contract_lines') }}
    where charge <> 'one_off'

),

extent as (

    select * from {{ ref('int_telemetry_extent') }}

),

as_of as (

    select distinct as_of_date from extent

),

account_revenue as (

    select
        accounts.account_id,
        accounts.industry,
        contract_lines.plan,
        contract_lines.currency,
        as_of.as_of_date,
        sum({{ per_month('contract_lines.amount', 'contract_lines.billing_period') }})
            as price_per_month
    from contract_lines
    inner join as_of
        on
            contract_lines.valid_from <= as_of.as_of_date
            and contract_lines.valid_to > as_of.as_of_date
    inner join accounts on contract_lines.account_id = accounts.account_id
    where accounts.region in (select extent.region from extent)
    group by
        accounts.account_id,
        accounts.industry,
        contract_lines.plan,
        contract_lines.currency,
        as_of.as_of_date

),

account_features as (

    select
        tenant_accounts.account_id,
        feature_usage.feature_name,
        cast(sum(feature_usage.uses) as bigint) as uses
    from feature_usage
    inner join tenant_accounts
        on
            feature_usage.tenant_id = tenant_accounts.tenant_id
            and feature_usage.event_date >= tenant_accounts.valid_from
            and feature_usage.event_date < tenant_accounts.valid_to
    inner join as_of
        on
            feature_usage.event_date
            > {{ days_before('as_of.as_of_date', var('revenue_window_days')) }}
            and feature_usage.event_date <= as_of.as_of_date
    group by
        tenant_accounts.account_id,
        feature_usage.feature_name

),

shares as (

    select
        account_id,
        feature_name,
        uses,
        sum(uses) over (partition by account_id) as account_uses
    from account_features

),

apportioned as (

    select
        account_revenue.account_id,
        account_revenue.industry,
        account_revenue.plan,
        account_revenue.currency,
        account_revenue.as_of_date,
        coalesce(shares.feature_name, '(no use)') as feature_name,
        coalesce(shares.uses, 0) as uses,
        cast(
            coalesce(
                account_revenue.price_per_month * shares.uses / shares.account_uses,
                account_revenue.price_per_month
            ) as decimal(28, 6)
        ) as revenue_per_month
    from account_revenue
    left join shares on account_revenue.account_id = shares.account_id

),

features as (

    select
        industry,
        plan,
        currency,
        feature_name,
        as_of_date,
        count(distinct account_id) as accounts,
        cast(sum(uses) as bigint) as uses,
        sum(revenue_per_month) as exact_revenue
    from apportioned
    group by
        industry,
        plan,
        currency,
        feature_name,
        as_of_date

),

shared as (

    select
        *,
        cast(exact_revenue as double precision)
        / nullif(
            cast(
                sum(exact_revenue) over (partition by industry, plan, currency) as double precision
            ), 0
        ) as exact_share
    from features

),

final as (

    select
        industry,
        plan,
        currency,
        feature_name,
        accounts,
        uses,
        cast(round(exact_revenue, 2) as decimal(18, 2)) as revenue_per_month,
        coalesce({{ rounded('exact_share', 4) }}, 0) as revenue_share,
        as_of_date
    from shared

)

select * from final
