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
        max(license_used) over (partition by event_date, region, tenant_id, license_metric)
            as used_max,
        count(*) over (partition by event_date, region, tenant_id, license_metric) as reports,
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
        reports,
        license_used as used_last,
        used_max,
        license_limit,
        event_ts as last_reported_at,
        case when license_period in ('day', 'month', 'year') then license_period else 'total' end
            as license_period
    from reports
    where reports_from_last = 1

)

select * from final
