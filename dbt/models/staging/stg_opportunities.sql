with

opportunities as (

    select * from {{ source('sources', 'opportunities') }}

),

final as (

    select
        opportunity_id,
        account_id,
        stage,
        amount,
        currency,
        close_date,
        first_as_of,
        closed_as_of
    from opportunities

)

select * from final
