{#- MRR and its movements are defined in docs/answers.md. -#}
with

recurring_months as (

    select * from {{ ref('int_recurring_months') }}
    where is_revenue

),

rates as (

    select * from {{ ref('int_contract_rates') }}

),

months as (

    select * from {{ ref('int_months') }}

),

accounts as (

    select * from {{ ref('dim_account') }}
    where is_current

),

first_months as (

    select
        account_id,
        contract_id,
        currency,
        min(usage_month) as first_month,
        min(min(over_before)) over (partition by account_id) as over_before
    from recurring_months
    group by
        account_id,
        contract_id,
        currency

),

-- Months without the contract are there too, so that its end is seen.
contract_months as (

    select
        first_months.account_id,
        first_months.contract_id,
        first_months.currency,
        months.usage_month,
        rates.rate,
        coalesce(recurring_months.amount, 0) as amount,
        coalesce(
            lag(recurring_months.amount) over (
                partition by
                    first_months.account_id, first_months.contract_id, first_months.currency
                order by months.usage_month
            ), 0
        ) as previous_amount
    from first_months
    inner join months
        on
            first_months.first_month <= months.usage_month
            and first_months.over_before >= months.next_month
    left join recurring_months
        on
            first_months.account_id = recurring_months.account_id
            and first_months.contract_id = recurring_months.contract_id
            and first_months.currency = recurring_months.currency
            and months.usage_month = recurring_months.usage_month
    left join rates
        on
            first_months.contract_id = rates.contract_id
            and first_months.currency = rates.currency

),

-- What contracts grew and shrank by, apart: a renewal ends one contract and begins another.
currency_months as (

    select
        account_id,
        currency,
        usage_month,
        sum(amount) as mrr,
        sum(previous_amount) as previous_mrr,
        sum(greatest(amount - previous_amount, 0)) as grown,
        sum(greatest(previous_amount - amount, 0)) as shrunk,
        case when count(rate) = count(*) then sum(amount * rate) end as reporting_mrr,
        case when count(rate) = count(*) then sum(previous_amount * rate) end
            as previous_reporting_mrr,
        case when count(rate) = count(*) then sum(greatest(amount - previous_amount, 0) * rate) end
            as reporting_grown,
        case when count(rate) = count(*) then sum(greatest(previous_amount - amount, 0) * rate) end
            as reporting_shrunk
    from contract_months
    group by
        account_id,
        currency,
        usage_month

),

-- New, gone and back are told of an account, whatever currencies it pays in.
account_months as (

    select
        account_id,
        usage_month,
        sum(mrr) as account_mrr,
        sum(previous_mrr) as previous_account_mrr,
        coalesce(
            max(sum(mrr)) over (
                partition by account_id
                order by usage_month
                rows between unbounded preceding and 1 preceding
            ), 0
        ) as highest_before
    from currency_months
    group by
        account_id,
        usage_month

),

moved as (

    select
        currency_months.*,
        currency_months.mrr - currency_months.previous_mrr as movement_mrr,
        case
            when currency_months.mrr = currency_months.previous_mrr then 'none'
            when account_months.previous_account_mrr = 0 and account_months.highest_before > 0
                then 'reactivation'
            when account_months.previous_account_mrr = 0 then 'new'
            when account_months.account_mrr = 0 then 'churn'
            when currency_months.mrr > currency_months.previous_mrr then 'expansion'
            else 'contraction'
        end as movement
    from currency_months
    inner join account_months
        on
            currency_months.account_id = account_months.account_id
            and currency_months.usage_month = account_months.usage_month
    where
        currency_months.mrr > 0
        or currency_months.previous_mrr > 0

),

converted as (

    select
        *,
        case
            when movement_mrr > 0 then movement_mrr * reporting_grown / grown
            when movement_mrr < 0 then movement_mrr * reporting_shrunk / shrunk
            when reporting_mrr is not null then 0
        end as reporting_movement_mrr
    from moved

),

final as (

    select
        converted.usage_month as mrr_month,
        converted.account_id,
        converted.currency,
        accounts.account_name,
        accounts.industry,
        accounts.segment,
        accounts.tier,
        converted.movement,
        cast(converted.mrr as decimal(28, 6)) as mrr,
        cast(converted.previous_mrr as decimal(28, 6)) as previous_mrr,
        cast(converted.movement_mrr as decimal(28, 6)) as movement_mrr,
        cast('{{ var("reporting_currency") }}' as varchar(3)) as reporting_currency,
        cast(converted.reporting_mrr as decimal(28, 6)) as reporting_mrr,
        cast(converted.reporting_movement_mrr as decimal(28, 6)) as reporting_movement_mrr,
        cast(
            cast(converted.reporting_mrr as decimal(28, 6))
            - cast(converted.previous_reporting_mrr as decimal(28, 6))
            - cast(converted.reporting_movement_mrr as decimal(28, 6)) as decimal(28, 6)
        ) as reporting_revaluation
    from converted
    left join accounts on converted.account_id = accounts.account_id

)

select * from final
