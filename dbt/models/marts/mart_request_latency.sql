{%- set window_days = var('latency_window_days') -%}
{%- set quantiles = {'p50': 0.5, 'p95': 0.95, 'p99': 0.99} -%}

with

latency as (

    select * from {{ ref('fct_request_latency_daily') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

windowed as (

    select
        latency.*,
        extent.as_of_date
    from latency
    cross join extent
    where
        latency.event_date > {{ days_before('extent.as_of_date', window_days) }}
        and latency.event_date <= extent.as_of_date

),

buckets as (

    select
        region,
        service_name,
        service_version,
        route,
        bucket,
        as_of_date,
        cast(sum(requests) as bigint) as requests,
        cast(sum(error_requests) as bigint) as error_requests,
        sum(duration_ns_sum) as duration_ns_sum,
        min(duration_ns_min) as duration_ns_min,
        max(duration_ns_max) as duration_ns_max
    from windowed
    group by
        region,
        service_name,
        service_version,
        route,
        bucket,
        as_of_date

),

ranked as (

    select
        *,
        sum(requests) over (
            partition by region, service_name, service_version, route
            order by bucket
            rows between unbounded preceding and current row
        ) as requests_up_to,
        sum(requests) over (partition by region, service_name, service_version, route)
            as requests_in_all
    from buckets

),

-- A quantile lies in the first bucket up to which so many requests lie (the nearest rank).
read_off as (

    select
        region,
        service_name,
        service_version,
        route,
        as_of_date,
        cast(sum(requests) as bigint) as requests,
        cast(sum(error_requests) as bigint) as error_requests,
        cast(sum(duration_ns_sum) as double precision) as duration_ns_sum,
        cast(min(duration_ns_min) as double precision) as duration_ns_min,
        cast(max(duration_ns_max) as double precision) as duration_ns_max,
        {%- for name, quantile in quantiles.items() %}
            min(case when requests_up_to >= {{ quantile }} * requests_in_all then bucket end)
                as {{ name }}_bucket
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from ranked
    group by
        region,
        service_name,
        service_version,
        route,
        as_of_date

),

final as (

    select
        region,
        service_name,
        service_version,
        route,
        requests,
        error_requests,
        {{ rounded('cast(error_requests as double precision) / requests', 4) }} as error_share,
        {{ rounded('duration_ns_sum / requests / 1e6', 3) }} as mean_ms,
        {%- for name in quantiles %}
            {{ rounded(
                'least(greatest(' ~ bucket_estimate(name ~ '_bucket')
                ~ ', duration_ns_min), duration_ns_max) / 1e6',
                3
            ) }} as {{ name }}_ms,
        {%- endfor %}
        {{ rounded('duration_ns_max / 1e6', 3) }} as max_ms,
        as_of_date
    from read_off

)

select * from final
