with

release_days as (

    select * from {{ ref('int_release_days') }}

),

final as (

    select
        region,
        service_name,
        service_version,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        cast(sum(records) as bigint) as records
    from release_days
    group by
        region,
        service_name,
        service_version

)

select * from final
