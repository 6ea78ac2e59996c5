{#-
    What holds on the data date, else what held last: a customer that left is still told by its name.
-#}
with

tenant_accounts as (

    select * from {{ ref('int_tenant_accounts') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

placed as (

    select
        tenant_accounts.*,
        coalesce(tenant_accounts.valid_to > extent.as_of_date, false) as holds_now,
        row_number() over (
            partition by tenant_accounts.tenant_id
            order by tenant_accounts.valid_from desc
        ) as interval_from_last
    from tenant_accounts
    left join extent on true
    where tenant_accounts.valid_from <= coalesce(extent.as_of_date, tenant_accounts.valid_from)

),

final as (

    select
        tenant_id,
        account_id,
        debtor_no,
        environment,
        billing_timezone,
        holds_now
    from placed
    where interval_from_last = 1

)

select * from final
