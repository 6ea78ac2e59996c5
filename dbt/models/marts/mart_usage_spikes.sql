{#- docs/answers.md, "Whose usage changed", defines each step and what the variables are. -#}
with

usage_changes as (

    select * from {{ ref('int_usage_changes') }}

),

tenants as (

    select * from {{ ref('dim_tenant') }}

),

tenant_accounts as (

    select * from {{ ref('stg_map_tenant_account') }}

),

contract_lines as (

    select * from {{ ref('stg_contract_lines') }}

),

releases as (

    select * from {{ ref('dim_release') }}

),

incidents as (

    select * from {{ ref('stg_incidents') }}
    where closed_as_of is null

),

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

resource_consumption as (

    select * from {{ ref('fct_resource_consumption_daily') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

tenant_regions as (

    select
        tenant_id,
        region
    from feature_usage

    union

    select
        tenant_id,
        region
    from resource_consumption

),

kept as (

    select
        usage_changes.*,
        tenant_accounts.account_id,
        coalesce(tenant_accounts.environment, 'unmapped') as environment,
        extent.as_of_date
    from usage_changes
    cross join extent
    left join tenant_accounts
        on
            usage_changes.tenant_id = tenant_accounts.tenant_id
            and usage_changes.started_on >= tenant_accounts.valid_from
            and usage_changes.started_on < tenant_accounts.valid_to

),

-- A line that ends where another begins is one change of the contract.
line_days as (

    select
        account_id,
        contract_line_id,
        valid_from as changed_on,
        1 as begins,
        0 as ends
    from contract_lines
    where valid_from < valid_to

    union all

    select
        account_id,
        contract_line_id,
        valid_to as changed_on,
        0 as begins,
        1 as ends
    from contract_lines
    where
        valid_from < valid_to
        and valid_to < date '9999-12-31'

),

contract_changes as (

    select
        account_id,
        changed_on,
        coalesce(
            min(case when begins = 1 then contract_line_id end), min(contract_line_id)
        ) as contract_line_id,
        case
            when sum(begins) = 0 then 'ended'
            when sum(ends) = 0 then 'added'
            else 'changed'
        end as contract_change
    from line_days
    group by
        account_id,
        changed_on

),

near_contracts as (

    select
        kept.tenant_id,
        kept.usage_metric,
        kept.direction,
        kept.started_on,
        contract_changes.contract_line_id,
        contract_changes.contract_change,
        contract_changes.changed_on as contract_changed_on,
        {{ whole_days('contract_changes.changed_on', 'kept.started_on') }} as contract_lag_days,
        row_number() over (
            partition by kept.tenant_id, kept.usage_metric, kept.direction, kept.started_on
            order by
                abs({{ whole_days('contract_changes.changed_on', 'kept.started_on') }}) asc,
                contract_changes.changed_on asc
        ) as place
    from kept
    inner join contract_changes
        on
            kept.account_id = contract_changes.account_id
            and {{ whole_days('contract_changes.changed_on', 'kept.started_on') }}
            between -{{ var('spike_lead_days') }} and {{ var('spike_contract_days') }}

),

near_releases as (

    select
        kept.tenant_id,
        kept.usage_metric,
        kept.direction,
        kept.started_on,
        releases.service_name as release_service,
        releases.service_version as release_version,
        releases.released_at,
        row_number() over (
            partition by kept.tenant_id, kept.usage_metric, kept.direction, kept.started_on
            order by
                releases.released_at desc,
                releases.service_name asc,
                releases.service_version asc,
                releases.region asc
        ) as place
    from kept
    inner join tenant_regions on kept.tenant_id = tenant_regions.tenant_id
    inner join releases
        on
            tenant_regions.region = releases.region
            and {{ whole_days('releases.released_at', 'kept.started_on') }}
            between 0 and {{ var('spike_release_days') }}

),

near_incidents as (

    select
        kept.tenant_id,
        kept.usage_metric,
        kept.direction,
        kept.started_on,
        incidents.incident_id,
        incidents.started_at as incident_started_at,
        row_number() over (
            partition by kept.tenant_id, kept.usage_metric, kept.direction, kept.started_on
            order by
                incidents.started_at desc,
                incidents.incident_id asc
        ) as place
    from kept
    inner join tenant_regions on kept.tenant_id = tenant_regions.tenant_id
    inner join incidents
        on
            coalesce(incidents.region, tenant_regions.region) = tenant_regions.region
            and cast(incidents.started_at as date) <= kept.started_on
            and kept.started_on <= {{ days_after(
                '1', 'cast(coalesce(incidents.ended_at, kept.as_of_date) as date)'
            ) }}

),

final as (

    select
        kept.tenant_id,
        kept.environment,
        kept.account_id,
        tenants.account_name,
        tenants.industry,
        tenants.plan,
        kept.usage_metric,
        kept.direction,
        case
            when
                {{ whole_days('kept.started_on', 'kept.ended_on') }}
                >= {{ var('spike_shift_days') }}
                then 'shift'
            else 'spike'
        end as shape,
        kept.started_on,
        kept.ended_on,
        {{ whole_days('kept.ended_on', 'kept.as_of_date') }} <= {{ var('spike_gap_days') }}
            as is_ongoing,
        kept.days_off,
        kept.quantity,
        kept.expected_quantity,
        {{ rounded('kept.quantity / kept.expected_quantity', 4) }} as ratio,
        kept.peak_score,
        near_contracts.contract_line_id,
        near_contracts.contract_change,
        near_contracts.contract_changed_on,
        near_contracts.contract_lag_days,
        near_releases.release_service,
        near_releases.release_version,
        near_releases.released_at,
        near_incidents.incident_id,
        near_incidents.incident_started_at,
        case
            when kept.direction = 'down' and near_incidents.incident_id is not null then 'incident'
            when near_contracts.contract_line_id is not null then 'contract'
            when near_incidents.incident_id is not null then 'incident'
            when near_releases.released_at is not null then 'release'
            else 'nothing'
        end as preceded_by,
        kept.as_of_date
    from kept
    inner join tenants on kept.tenant_id = tenants.tenant_id
    left join near_contracts
        on
            kept.tenant_id = near_contracts.tenant_id
            and kept.usage_metric = near_contracts.usage_metric
            and kept.direction = near_contracts.direction
            and kept.started_on = near_contracts.started_on
            and near_contracts.place = 1
    left join near_releases
        on
            kept.tenant_id = near_releases.tenant_id
            and kept.usage_metric = near_releases.usage_metric
            and kept.direction = near_releases.direction
            and kept.started_on = near_releases.started_on
            and near_releases.place = 1
    left join near_incidents
        on
            kept.tenant_id = near_incidents.tenant_id
            and kept.usage_metric = near_incidents.usage_metric
            and kept.direction = near_incidents.direction
            and kept.started_on = near_incidents.started_on
            and near_incidents.place = 1

)

select * from final
