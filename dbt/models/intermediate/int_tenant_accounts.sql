{{ config(materialized='table') }}

with

map_tenant_account as (

    select * from {{ ref('stg_map_tenant_account') }}

),

account_zones as (

    select * from {{ ref('int_account_zones') }}

),

mapped as (

    select
        map_tenant_account.tenant_id,
        map_tenant_account.account_id,
        map_tenant_account.debtor_no,
        map_tenant_account.environment,
        coalesce(account_zones.billing_timezone, 'UTC') as billing_timezone,
        greatest(
            map_tenant_account.valid_from,
            coalesce(account_zones.valid_from, map_tenant_account.valid_from)
        ) as valid_from,
        least(
            map_tenant_account.valid_to,
            coalesce(account_zones.valid_to, map_tenant_account.valid_to)
        ) as valid_to
    from map_tenant_account
    left join account_zones
        on
            map_tenant_account.account_id = account_zones.account_id
            and map_tenant_account.valid_from < account_zones.valid_to
            and map_tenant_account.valid_to > account_zones.valid_from
    where map_tenant_account.valid_from < map_tenant_account.valid_to

),

moments as (

    select
        *,
        {{ start_of_local_day('valid_from', 'billing_timezone') }} as starts_at,
        {{ start_of_local_day('valid_to', 'billing_timezone') }} as own_ends_at
    from mapped

),

followed as (

    select
        *,
        lead(valid_from) over (partition by tenant_id order by valid_from) as next_valid_from,
        lead(starts_at) over (partition by tenant_id order by valid_from) as next_starts_at
    from moments

),

-- Where the zone changes, days of one zone end where those of the next begin, so that no moment
-- belongs to two accounts or to none.
final as (

    select
        tenant_id,
        account_id,
        debtor_no,
        environment,
        billing_timezone,
        valid_from,
        valid_to,
        starts_at,
        case
            when next_valid_from = valid_to then next_starts_at
            else least(own_ends_at, coalesce(next_starts_at, own_ends_at))
        end as ends_at
    from followed

)

select * from final
