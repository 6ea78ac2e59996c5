{{
    config(
        materialized='incremental',
        incremental_strategy='touched_days',
        on_schema_change='append_new_columns',
        post_hook="{{ record_model_build() }}",
        meta={'signals': ['logs']}
    )
}}

with

product_events as (

    select * from {{ ref('int_product_events') }}
    where {{ in_touched_days(['logs']) }}

),

final as (

    select
        event_date,
        region,
        count(*) as events,
        max(received_at) as last_received_at
    from product_events
    group by
        event_date,
        region

)

select * from final
