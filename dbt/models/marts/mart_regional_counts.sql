with

counts as (

    select * from {{ ref('stg_region_aggregates') }}

),

final as (

    select
        region,
        week_start,
        kind,
        cell,
        is_other,
        amount,
        least_tenants,
        round_to,
        made_at
    from counts

)

select * from final
