with

maps as (

    select * from {{ ref('fct_maps_daily') }}

),

features as (

    select * from {{ ref('mainstem', 'dim_feature') }}

),

final as (

    select
        maps.region,
        min(features.first_used_on) as first_used_on,
        cast(sum(maps.maps) as bigint) as maps
    from maps
    inner join features on features.feature_name = 'map'
    group by maps.region

)

select * from final
