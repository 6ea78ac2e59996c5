with

release_days as (

    select * from {{ ref('int_release_days') }}

),

releases as (

    select * from {{ ref('stg_releases') }}
    where closed_as_of is null

),

seen as (

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

),

-- What the file says of a region goes before what it says of all.
told as (

    select
        seen.region,
        seen.service_name,
        seen.service_version,
        coalesce(
            max(case when releases.region is not null then releases.released_at end),
            max(releases.released_at)
        ) as told_released_at
    from seen
    inner join releases
        on
            seen.service_name = releases.service
            and seen.service_version = releases.version
            and coalesce(releases.region, seen.region) = seen.region
    group by
        seen.region,
        seen.service_name,
        seen.service_version

),

never_seen as (

    select
        coalesce(releases.region, '(all)') as region,
        releases.service as service_name,
        releases.version as service_version,
        releases.released_at
    from releases
    left join seen
        on
            releases.service = seen.service_name
            and releases.version = seen.service_version
            and coalesce(releases.region, seen.region) = seen.region
    where seen.service_name is null

),

final as (

    select
        seen.region,
        seen.service_name,
        seen.service_version,
        coalesce(told.told_released_at, seen.first_seen_at) as released_at,
        case when told.told_released_at is null then 'telemetry' else 'file' end as released_by,
        seen.first_seen_at,
        seen.last_seen_at,
        seen.records
    from seen
    left join told
        on
            seen.region = told.region
            and seen.service_name = told.service_name
            and seen.service_version = told.service_version

    union all

    select
        region,
        service_name,
        service_version,
        released_at,
        'file' as released_by,
        cast(null as timestamp) as first_seen_at,
        cast(null as timestamp) as last_seen_at,
        cast(0 as bigint) as records
    from never_seen

)

select * from final
