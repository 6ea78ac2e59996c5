{{ config(materialized='view') }}

with

transformation_days as (

    select * from {{ ref('int_transformation_days') }}

),

-- A run that goes on over midnight has a part in each day; the later failure tells the error.
parts as (

    select
        *,
        row_number() over (
            partition by region, tenant_id, transformation_id
            order by last_failed_at desc nulls last, event_date desc
        ) as parts_from_last_failure
    from transformation_days

),

runs as (

    select
        region,
        tenant_id,
        transformation_id,
        min(event_date) as event_date,
        max(transformation_kind) as transformation_kind,
        max(service_name) as service_name,
        max(service_version) as service_version,
        cast(sum(starts) as bigint) as attempts,
        cast(sum(failures) as bigint) as failures,
        min(first_started_at) as started_at,
        max(last_completed_at) as completed_at,
        max(last_failed_at) as failed_at,
        max(case when parts_from_last_failure = 1 then last_error_type end) as error_type,
        max(records_in) as records_in,
        max(records_out) as records_out
    from parts
    group by
        region,
        tenant_id,
        transformation_id

),

ended as (

    select
        *,
        case
            when completed_at is null and failed_at is null then 'unfinished'
            when failed_at is null or completed_at >= failed_at then 'completed'
            else 'failed'
        end as outcome,
        greatest(completed_at, failed_at) as ended_at
    from runs

),

final as (

    select
        event_date,
        region,
        tenant_id,
        transformation_id,
        transformation_kind,
        service_name,
        service_version,
        outcome,
        attempts,
        failures,
        started_at,
        ended_at,
        case when outcome = 'failed' then error_type end as error_type,
        {{ milliseconds_between('started_at', 'ended_at') }} as duration_ms,
        records_in,
        records_out
    from ended

)

select * from final
