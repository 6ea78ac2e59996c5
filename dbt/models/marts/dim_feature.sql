with

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

final as (

    select
        feature_name,
        min(event_date) as first_used_on,
        max(event_date) as last_used_on,
        min(first_used_at) as first_used_at,
        max(last_used_at) as last_used_at,
        cast(sum(uses) as bigint) as uses,
        count(distinct region) as regions
    from feature_usage
    group by feature_name

)

select * from final
