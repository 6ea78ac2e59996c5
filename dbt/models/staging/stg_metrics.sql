with

points as (

    select * from {{ source('bronze', 'otel_metrics') }}

),

final as (

    select
        record_id,
        load_id,
        region,
        environment,
        received_at,
        event_ts,
        event_date,
        time_source,
        service_name,
        tenant_id,
        name as metric_name,
        unit as metric_unit,
        metric_type,
        aggregation_temporality,
        is_monotonic,
        coalesce(double_value, cast(int_value as double precision)) as point_value,
        count as point_count,
        sum as point_sum,
        min as point_min,
        max as point_max,
        bucket_counts,
        explicit_bounds,
        metric_attributes,
        resource_attributes,
        scope_name,
        {{ json_text('resource_attributes', 'service.version') }} as service_version
    from points

)

select * from final
