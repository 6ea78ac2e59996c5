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

reports as (

    select
        *,
        row_number() over (
            partition by event_date, region, tenant_id, license_metric
            order by event_ts desc, record_id desc
        ) as reports_from_last
    from product_events
    where
        event_name = 'license.usage'
        and license_metric is not null
        and license_used is not null

),

final as (

    select
        event_date,
        region,
        tenant_id,
        license_metric,
        max(case when reports_from_last = 1 then license_used end) as used_last,
        max(case when reports_from_last = 1 then license_limit end) as limit_last,
        max(case when reports_from_last = 1 then record_id end) as last_record_id,
        max(event_ts) as last_reported_at,
        min(case when license_used >= license_limit then event_ts end) as first_reached_at
    from reports
    group by
        event_date,
        region,
        tenant_id,
        license_metric

)

select * from final
