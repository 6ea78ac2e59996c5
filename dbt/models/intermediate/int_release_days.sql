{{
    config(
        materialized='incremental',
        incremental_strategy='touched_days',
        on_schema_change='append_new_columns',
        post_hook="{{ record_model_build() }}",
        meta={'signals': ['logs', 'traces', 'metrics']}
    )
}}

with

logs as (

    select * from {{ ref('stg_logs') }}
    where {{ in_touched_days(['logs', 'traces', 'metrics']) }}

),

spans as (

    select * from {{ ref('stg_spans') }}
    where {{ in_touched_days(['logs', 'traces', 'metrics']) }}

),

points as (

    select * from {{ ref('stg_metrics') }}
    where {{ in_touched_days(['logs', 'traces', 'metrics']) }}

),

records as (

    select
        event_date,
        region,
        service_name,
        resource_attributes,
        event_ts
    from logs

    union all

    select
        event_date,
        region,
        service_name,
        resource_attributes,
        event_ts
    from spans

    union all

    select
        event_date,
        region,
        service_name,
        resource_attributes,
        event_ts
    from points

),

-- Resources are few and records many: so only the few are parsed.
resources as (

    select
        event_date,
        region,
        service_name,
        resource_attributes,
        count(*) as records,
        min(event_ts) as first_seen_at,
        max(event_ts) as last_seen_at
    from records
    where service_name is not null
    group by
        event_date,
        region,
        service_name,
        resource_attributes

),

versions as (

    select
        *,
        {{ json_text('resource_attributes', 'service.version') }} as service_version
    from resources

),

final as (

    select
        event_date,
        region,
        service_name,
        service_version,
        cast(sum(records) as bigint) as records,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from versions
    where service_version is not null
    group by
        event_date,
        region,
        service_name,
        service_version

)

select * from final
