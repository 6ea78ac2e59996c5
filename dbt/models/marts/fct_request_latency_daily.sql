{{
    config(
        materialized='incremental',
        incremental_strategy='touched_days',
        on_schema_change='append_new_columns',
        post_hook="{{ record_model_build() }}",
        meta={'signals': ['traces']}
    )
}}

with

spans as (

    select * from {{ ref('stg_spans') }}
    where {{ in_touched_days(['traces']) }}

),

-- Spans of kind server are what a caller waited for. Without both times a span has no duration.
requests as (

    select
        event_date,
        region,
        duration_ns,
        is_error,
        coalesce(tenant_id, '(unknown)') as tenant_id,
        coalesce(service_name, '(unknown)') as service_name,
        coalesce(service_version, '(unknown)') as service_version,
        coalesce(http_method || ' ' || http_route, http_route, rpc_method, span_name) as route,
        {{ log_bucket('duration_ns') }} as bucket
    from spans
    where
        span_kind = 2
        and duration_ns >= 0

),

final as (

    select
        event_date,
        region,
        tenant_id,
        service_name,
        service_version,
        route,
        bucket,
        count(*) as requests,
        count(case when is_error then 1 end) as error_requests,
        cast(sum(cast(duration_ns as decimal(38, 0))) as decimal(38, 0)) as duration_ns_sum,
        min(duration_ns) as duration_ns_min,
        max(duration_ns) as duration_ns_max
    from requests
    group by
        event_date,
        region,
        tenant_id,
        service_name,
        service_version,
        route,
        bucket

)

select * from final
