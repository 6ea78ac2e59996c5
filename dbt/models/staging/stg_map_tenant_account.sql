{#- A tenant has one account a day: what the source says now goes before what it no longer says. -#}
with

map_tenant_account as (

    select * from {{ source('sources', 'map_tenant_account') }}

),

held as (

    select
        tenant_id,
        valid_from,
        account_id,
        debtor_no,
        environment,
        {{ held_until() }} as valid_to,
        first_as_of,
        closed_as_of,
        closed_as_of is not null as is_closed
    from map_tenant_account

),

followed as (

    select
        held.tenant_id,
        held.valid_from,
        min(greatest(other.valid_from, held.valid_from)) as next_valid_from
    from held
    inner join held as other on held.tenant_id = other.tenant_id
    where
        other.valid_to > other.valid_from
        and (not other.is_closed or held.is_closed)
        and (
            other.valid_from > held.valid_from
            or (held.is_closed and not other.is_closed and other.valid_to > held.valid_from)
        )
    group by
        held.tenant_id,
        held.valid_from

),

final as (

    select
        held.tenant_id,
        held.valid_from,
        held.account_id,
        held.debtor_no,
        held.environment,
        least(held.valid_to, coalesce(followed.next_valid_from, held.valid_to)) as valid_to,
        held.first_as_of,
        held.closed_as_of
    from held
    left join followed
        on
            held.tenant_id = followed.tenant_id
            and held.valid_from = followed.valid_from

)

select * from final
