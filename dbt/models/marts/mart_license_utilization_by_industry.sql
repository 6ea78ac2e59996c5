with

headroom as (

    select * from {{ ref('mart_license_headroom') }}

),

accounts as (

    select * from {{ ref('dim_account') }}
    where is_current

),

-- Licenses of known accounts that have a limit and were reported within the last week.
licenses as (

    select
        headroom.license_metric,
        coalesce(accounts.industry, '(unknown)') as industry,
        headroom.used,
        headroom.license_limit,
        headroom.limit_status,
        headroom.as_of_date,
        cast(headroom.used as double precision)
        / nullif(cast(headroom.license_limit as double precision), 0) as used_share
    from headroom
    inner join accounts on headroom.account_id = accounts.account_id
    where
        headroom.limit_status <> 'stale'
        and headroom.license_limit > 0

),

industries as (

    select
        industry,
        license_metric,
        as_of_date,
        count(*) as accounts,
        sum(used) as used,
        sum(license_limit) as license_limit,
        avg(used_share) as mean_share,
        {{ median("used_share") }} as median_share,
        max(used_share) as highest_share,
        sum(case when limit_status = 'nearing' then 1 else 0 end) as accounts_nearing,
        sum(case when limit_status = 'reached' then 1 else 0 end) as accounts_reached
    from licenses
    group by
        industry,
        license_metric,
        as_of_date

),

final as (

    select
        industry,
        license_metric,
        accounts,
        cast(used as decimal(28, 6)) as used,
        cast(license_limit as decimal(28, 6)) as license_limit,
        {{ rounded('cast(used as double precision) / cast(license_limit as double precision)', 4) }}
            as used_share,
        {{ rounded('mean_share', 4) }} as mean_used_share,
        {{ rounded('median_share', 4) }} as median_used_share,
        {{ rounded('highest_share', 4) }} as highest_used_share,
        cast(accounts_nearing as bigint) as accounts_nearing,
        cast(accounts_reached as bigint) as accounts_reached,
        as_of_date
    from industries

)

select * from final
