{#- An account bills in the zone of its contract line that began last (docs/answers.md). -#}
with

contract_lines as (

    select * from {{ ref('stg_contract_lines') }}

),

-- Of lines that begin on one day, the one with the highest id speaks.
first_days as (

    select
        account_id,
        valid_from,
        billing_timezone,
        row_number() over (
            partition by account_id, valid_from
            order by contract_line_id desc
        ) as line_from_last
    from contract_lines
    where valid_from < valid_to

),

changes as (

    select
        account_id,
        valid_from,
        billing_timezone,
        lag(billing_timezone) over (partition by account_id order by valid_from)
            as previous_timezone
    from first_days
    where line_from_last = 1

),

final as (

    select
        account_id,
        billing_timezone,
        case
            when previous_timezone is null then date '1970-01-01'
            else valid_from
        end as valid_from,
        coalesce(
            lead(valid_from) over (partition by account_id order by valid_from),
            date '9999-12-31'
        ) as valid_to
    from changes
    where
        previous_timezone is null
        or previous_timezone <> billing_timezone

)

select * from final
