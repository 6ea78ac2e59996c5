{#-
    What each contract recurs to a month: lines that hold on the month's last day, in months that
    are over in the zone in which the contract bills.
-#}
with

terms as (

    select * from {{ ref('int_contract_terms') }}
    where charge = 'recurring'

),

months as (

    select * from {{ ref('int_months') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

tenant_accounts as (

    select * from {{ ref('int_tenant_accounts') }}

),

-- The day on which the data date begins in UTC, as the contract's zone has it.
zoned as (

    select
        terms.*,
        {{ local_date('cast(extent.as_of_date as timestamp)', 'terms.billing_timezone') }}
            as over_before
    from terms
    cross join extent

),

line_months as (

    select
        zoned.account_id,
        zoned.contract_id,
        zoned.currency,
        zoned.over_before,
        months.usage_month,
        {{ days_before('months.next_month', 1) }} as last_day,
        cast(zoned.amount / zoned.period_months as decimal(18, 6)) as amount
    from zoned
    inner join months
        on
            zoned.valid_from < months.next_month
            and zoned.valid_to >= months.next_month
            and zoned.over_before >= months.next_month

),

-- An account whose tenants are all internal or for tests is no customer; one without tenants is.
other_months as (

    select
        account_days.account_id,
        account_days.usage_month
    from (
        select distinct
            account_id,
            usage_month,
            last_day
        from line_months
    ) as account_days
    inner join tenant_accounts
        on
            account_days.account_id = tenant_accounts.account_id
            and account_days.last_day >= tenant_accounts.valid_from
            and account_days.last_day < tenant_accounts.valid_to
    group by
        account_days.account_id,
        account_days.usage_month
    having max(case when tenant_accounts.environment = 'production' then 1 else 0 end) = 0

),

final as (

    select
        line_months.account_id,
        line_months.contract_id,
        line_months.currency,
        line_months.usage_month,
        other_months.account_id is null as is_revenue,
        min(line_months.over_before) as over_before,
        cast(sum(line_months.amount) as decimal(28, 6)) as amount
    from line_months
    left join other_months
        on
            line_months.account_id = other_months.account_id
            and line_months.usage_month = other_months.usage_month
    group by
        line_months.account_id,
        line_months.contract_id,
        line_months.currency,
        line_months.usage_month,
        other_months.account_id is null

)

select * from final
