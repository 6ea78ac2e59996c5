{{
    config(
        materialized='incremental',
        incremental_strategy='mainstem.touched_days',
        on_schema_change='append_new_columns',
        post_hook="{{ mainstem.record_model_build() }}",
        meta={'signals': ['logs']}
    )
}}

with

product_events as (

    select * from {{ ref('mainstem', 'int_product_events') }}
    where {{ mainstem.in_touched_days(['logs']) }}

),

final as (

    select
        event_date,
        region,
        count(*) as maps
    from product_events
    where feature_name = 'map'
    group by
        event_date,
        region

)

select * from final
