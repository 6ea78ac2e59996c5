{#- MRR of those who use a feature: it does not add up over features (docs/answers.md). -#}
with

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

tenant_accounts as (

    select * from {{ ref('int_tenant_accounts') }}
    where environment = 'production'

),

account_value as (

    select * from {{ ref('int_account_value') }}

),

extent as (

    select * from {{ ref('int_telemetry_extent') }}

),

as_of as (

    select distinct as_of_date from extent

),

-- Only accounts whose home region is here: of the others it is not known what they use.
accounts_here as (

    select
        account_value.*,
        as_of.as_of_date
    from account_value
    cross join as_of
    where account_value.account_region in (select extent.region from extent)

),

grouped as (

    select
        accounts_here.*,
        'all' as account_group
    from accounts_here

    union all

    select
        accounts_here.*,
        'high_value' as account_group
    from accounts_here
    where accounts_here.is_high_value

),

totals as (

    select
        account_group,
        reporting_currency,
        as_of_date,
        max(mrr_month) as mrr_month,
        count(*) as accounts,
        count(*) - count(reporting_mrr) as accounts_without_rate,
        count(reporting_mrr) as rated_accounts,
        sum(reporting_mrr) as mrr
    from grouped
    group by
        account_group,
        reporting_currency,
        as_of_date

),

account_features as (

    select
        tenant_accounts.account_id,
        feature_usage.feature_name,
        cast(sum(feature_usage.uses) as bigint) as uses
    from feature_usage
    inner join tenant_accounts
        on
            feature_usage.tenant_id = tenant_accounts.tenant_id
            and feature_usage.event_date >= tenant_accounts.valid_from
            and feature_usage.event_date < tenant_accounts.valid_to
    inner join as_of
        on
            feature_usage.event_date
            > {{ days_before('as_of.as_of_date', var('revenue_window_days')) }}
            and feature_usage.event_date <= as_of.as_of_date
    group by
        tenant_accounts.account_id,
        feature_usage.feature_name

),

users as (

    select
        grouped.account_group,
        account_features.feature_name,
        count(*) as using_accounts,
        count(grouped.reporting_mrr) as rated_using_accounts,
        coalesce(sum(grouped.reporting_mrr), 0) as mrr,
        cast(sum(account_features.uses) as bigint) as uses
    from account_features
    inner join grouped on account_features.account_id = grouped.account_id
    group by
        grouped.account_group,
        account_features.feature_name

),

compared as (

    select
        totals.*,
        users.feature_name,
        users.using_accounts,
        users.uses,
        users.mrr as mrr_of_users,
        totals.mrr - users.mrr as mrr_of_others,
        cast(users.mrr as double precision) / nullif(users.rated_using_accounts, 0)
            as mean_of_users,
        cast(totals.mrr - users.mrr as double precision)
        / nullif(totals.rated_accounts - users.rated_using_accounts, 0) as mean_of_others,
        cast(users.mrr as double precision) / nullif(cast(totals.mrr as double precision), 0)
            as exact_share
    from users
    inner join totals on users.account_group = totals.account_group

),

final as (

    select
        feature_name,
        account_group,
        reporting_currency,
        using_accounts,
        accounts - using_accounts as other_accounts,
        accounts_without_rate,
        uses,
        cast(round(mrr_of_users, 2) as decimal(28, 2)) as mrr_of_users,
        cast(round(mrr_of_others, 2) as decimal(28, 2)) as mrr_of_others,
        {{ rounded('exact_share', 4) }} as mrr_share,
        {{ rounded('mean_of_users', 2) }} as mean_mrr_of_users,
        {{ rounded('mean_of_others', 2) }} as mean_mrr_of_others,
        {{ rounded('mean_of_users - mean_of_others', 2) }} as mean_mrr_difference,
        mrr_month,
        as_of_date
    from compared

)

select * from final
