{#- The projection and its interval are defined in docs/answers.md, with the reasons. -#}
with

levels as (

    select * from {{ ref('int_license_levels') }}

),

projections as (

    select * from {{ ref('int_license_projections') }}
    where days_earlier = 0

),

backtests as (

    select
        *,
        case when is_within_interval then 1 else 0 end as held
    from {{ ref('int_license_backtests') }}

),

accounts as (

    select * from {{ ref('dim_account') }}
    where is_current

),

contract_terms as (

    select * from {{ ref('int_contract_terms') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

past as (

    select
        customer_key,
        license_metric,
        max(case when days_earlier = 7 then error end) as error_7_days,
        max(case when days_earlier = 14 then error end) as error_14_days,
        max(case when days_earlier = 30 then error end) as error_30_days,
        max(case when days_earlier = 7 then held end) = 1 as held_7_days,
        max(case when days_earlier = 14 then held end) = 1 as held_14_days,
        max(case when days_earlier = 30 then held end) = 1 as held_30_days
    from backtests
    group by
        customer_key,
        license_metric

),

stated as (

    select
        levels.*,
        projections.days_fitted,
        projections.growth_per_day,
        projections.projected_on,
        projections.projected_earliest,
        projections.projected_latest,
        past.error_7_days,
        past.held_7_days,
        past.error_14_days,
        past.held_14_days,
        past.error_30_days,
        past.held_30_days,
        accounts.account_name,
        accounts.industry,
        accounts.segment,
        accounts.tier,
        accounts.owner,
        contract_terms.plan,
        extent.as_of_date,
        levels.license_limit - levels.used as headroom,
        {{ days_before('extent.as_of_date', var('stale_after_days')) }} > levels.billing_date
            as is_stale,
        cast(levels.used as double precision)
        / nullif(cast(levels.license_limit as double precision), 0) as used_share
    from levels
    cross join extent
    inner join projections
        on
            levels.customer_key = projections.customer_key
            and levels.license_metric = projections.license_metric
            and levels.billing_date = projections.made_on
    left join past
        on
            levels.customer_key = past.customer_key
            and levels.license_metric = past.license_metric
    left join accounts on levels.account_id = accounts.account_id
    left join contract_terms on levels.contract_line_id = contract_terms.contract_line_id

),

final as (

    select
        customer_key,
        license_metric,
        account_id,
        tenant_id,
        region,
        account_name,
        industry,
        segment,
        tier,
        owner,
        plan,
        tenants,
        regions,
        usage_kind,
        license_period,
        used,
        last_reported_at as used_at,
        license_limit,
        contract_limit,
        has_limit_mismatch,
        cast(headroom as decimal(28, 6)) as headroom,
        {{ rounded('used_share', 4) }} as used_share,
        days_fitted,
        growth_per_day,
        case when not is_stale then projected_on end as projected_on,
        case when not is_stale then projected_earliest end as projected_earliest,
        case when not is_stale then projected_latest end as projected_latest,
        error_7_days,
        held_7_days,
        error_14_days,
        held_14_days,
        error_30_days,
        held_30_days,
        case
            when is_stale then 'stale'
            when license_limit is null then 'no_limit'
            when used >= license_limit then 'reached'
            when projected_on is not null or used_share >= {{ var('near_limit_share') }}
                then 'nearing'
            else 'clear'
        end as limit_status,
        as_of_date
    from stated

)

select * from final
