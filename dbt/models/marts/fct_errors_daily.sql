{{
    config(
        materialized='incremental',
        incremental_strategy='touched_days',
        on_schema_change='append_new_columns',
        post_hook="{{ record_model_build() }}",
        meta={'signals': ['logs', 'traces']}
    )
}}

with

logs as (

    select * from {{ ref('stg_logs') }}
    where {{ in_touched_days(['logs', 'traces']) }}

),

spans as (

    select * from {{ ref('stg_spans') }}
    where {{ in_touched_days(['logs', 'traces']) }}

),

-- A failed transformation is a log record too: it counts once, as a transformation.
errors as (

    select
        event_date,
        region,
        tenant_id,
        service_name,
        service_version,
        event_ts,
        case when event_name = 'transformation.failed' then 'transformation' else 'log' end
            as error_source,
        error_type,
        exception_type
    from logs
    where
        is_error
        or event_name = 'transformation.failed'

    union all

    select
        event_date,
        region,
        tenant_id,
        service_name,
        service_version,
        event_ts,
        'span' as error_source,
        error_type,
        exception_type
    from spans
    where is_error

),

named as (

    select
        event_date,
        region,
        event_ts,
        error_source,
        coalesce(tenant_id, '(unknown)') as tenant_id,
        coalesce(service_name, '(unknown)') as service_name,
        coalesce(service_version, '(unknown)') as service_version,
        coalesce(error_type, exception_type, '(unknown)') as error_type,
        coalesce(exception_type, '(none)') as exception_type
    from errors

),

final as (

    select
        event_date,
        region,
        tenant_id,
        service_name,
        service_version,
        error_source,
        error_type,
        exception_type,
        count(*) as errors,
        min(event_ts) as first_seen_at,
        max(event_ts) as last_seen_at
    from named
    group by
        event_date,
        region,
        tenant_id,
        service_name,
        service_version,
        error_source,
        error_type,
        exception_type

)

select * from final
