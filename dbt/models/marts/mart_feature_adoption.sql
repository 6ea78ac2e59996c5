{#- docs/answers.md, "Who has taken up which feature", defines the numbers. -#}
{%- set window_days = var('adoption_window_days') -%}

with

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

presence as (

    select * from {{ ref('fct_feature_presence_daily') }}

),

tenants as (

    select * from {{ ref('int_adoption_tenants') }}

),

starts as (

    select * from {{ ref('int_feature_starts') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

windowed as (

    select
        feature_usage.tenant_id,
        feature_usage.feature_name,
        feature_usage.event_date,
        feature_usage.uses,
        feature_usage.service_name || ' ' || feature_usage.service_version as release,
        feature_usage.event_date > {{ days_before('extent.as_of_date', window_days) }} as is_current
    from feature_usage
    cross join extent
    where feature_usage.event_date > {{ days_before('extent.as_of_date', 2 * window_days) }}

),

-- Of persons only shares of a tenant's own are told, in the region that has most of them: a person
-- has another pseudonym in another region.
persons as (

    select
        presence.tenant_id,
        presence.region,
        presence.feature_name,
        presence.enduser_pseudo_id
    from presence
    cross join extent
    where presence.event_date > {{ days_before('extent.as_of_date', window_days) }}

),

tenant_persons as (

    select
        tenant_id,
        region,
        count(distinct enduser_pseudo_id) as persons,
        row_number() over (
            partition by tenant_id
            order by count(distinct enduser_pseudo_id) desc, region asc
        ) as place
    from persons
    group by
        tenant_id,
        region

),

person_shares as (

    select
        persons.tenant_id,
        persons.feature_name,
        cast(count(distinct persons.enduser_pseudo_id) as double precision)
        / max(tenant_persons.persons) as person_share
    from persons
    inner join tenant_persons
        on
            persons.tenant_id = tenant_persons.tenant_id
            and persons.region = tenant_persons.region
            and tenant_persons.place = 1
    group by
        persons.tenant_id,
        persons.feature_name

),

-- One row for each slice that a tenant is in; a release has whoever used anything of it.
slices as (

    {% for dimension in ['all', 'segment', 'industry', 'plan'] %}
        select
            tenants.tenant_id,
            '{{ dimension }}' as dimension,
            {% if dimension == 'all' %}'(all)'{% else %}tenants.{{ dimension }}{% endif %} as slice,
            tenants.counts,
            tenants.last_seen_on > {{ days_before('extent.as_of_date', window_days) }} as is_active
        from tenants
        cross join extent

        union all
    {% endfor %}
    select distinct
        tenants.tenant_id,
        'release' as dimension,
        windowed.release as slice,
        tenants.counts,
        windowed.is_current as is_active
    from windowed
    inner join tenants on windowed.tenant_id = tenants.tenant_id
    where windowed.is_current

),

sizes as (

    select
        dimension,
        slice,
        count(case when counts and is_active then 1 end) as active_tenants
    from slices
    group by
        dimension,
        slice

),

uses as (

    select
        slices.dimension,
        slices.slice,
        slices.counts,
        windowed.tenant_id,
        windowed.feature_name,
        cast(sum(case when windowed.is_current then windowed.uses else 0 end) as bigint) as uses,
        count(distinct case when windowed.is_current then windowed.event_date end) as days_used,
        count(distinct case when not windowed.is_current then windowed.event_date end)
            as previous_days_used
    from windowed
    inner join slices
        on
            windowed.tenant_id = slices.tenant_id
            and (slices.dimension <> 'release' or windowed.release = slices.slice)
    group by
        slices.dimension,
        slices.slice,
        slices.counts,
        windowed.tenant_id,
        windowed.feature_name

),

depth as (

    select
        uses.dimension,
        uses.slice,
        uses.feature_name,
        count(case when uses.counts and uses.days_used > 0 then 1 end) as using_tenants,
        count(case when uses.counts and uses.previous_days_used > 0 then 1 end)
            as previously_using_tenants,
        count(case when not uses.counts and uses.days_used > 0 then 1 end) as left_out_tenants,
        cast(coalesce(sum(case when uses.counts then uses.uses end), 0) as bigint) as uses,
        {{ median('case when uses.counts and uses.days_used > 0 then uses.days_used end') }}
            as median_days_used,
        {{ median('case when uses.counts and uses.days_used > 0 then person_share end') }}
            as median_person_share
    from uses
    left join person_shares
        on
            uses.tenant_id = person_shares.tenant_id
            and uses.feature_name = person_shares.feature_name
    group by
        uses.dimension,
        uses.slice,
        uses.feature_name

),

times as (

    select
        slices.dimension,
        slices.slice,
        starts.feature_name,
        count(starts.first_used_on) as adopted_tenants,
        count(case when starts.is_start_known then starts.first_used_on end) as timed_tenants,
        {{ median('case when starts.is_start_known then starts.days_to_first_use end') }}
            as median_days_to_first_use,
        count(
            case when starts.is_start_known and starts.days_observed >= {{ window_days }} then 1 end
        ) as observed_tenants,
        count(
            case
                when
                    starts.is_start_known
                    and starts.days_observed >= {{ window_days }}
                    and starts.days_to_first_use < {{ window_days }}
                    then 1
            end
        ) as early_tenants
    from starts
    inner join slices
        on
            starts.tenant_id = slices.tenant_id
            and slices.dimension <> 'release'
    group by
        slices.dimension,
        slices.slice,
        starts.feature_name

),

cells as (

    select
        dimension,
        slice,
        feature_name
    from depth

    union

    select
        dimension,
        slice,
        feature_name
    from times
    where adopted_tenants > 0

),

final as (

    select
        cells.dimension,
        cells.slice,
        cells.feature_name,
        sizes.active_tenants,
        coalesce(depth.using_tenants, 0) as using_tenants,
        {{ rounded(
            'cast(coalesce(depth.using_tenants, 0) as double precision)'
            ~ ' / nullif(sizes.active_tenants, 0)', 4
        ) }} as adoption_share,
        coalesce(depth.previously_using_tenants, 0) as previously_using_tenants,
        coalesce(depth.left_out_tenants, 0) as left_out_tenants,
        coalesce(depth.uses, 0) as uses,
        {{ rounded(
            'cast(depth.uses as double precision) / nullif(depth.using_tenants, 0)', 4
        ) }} as uses_per_tenant,
        depth.median_days_used,
        {{ rounded('depth.median_person_share', 4) }} as median_person_share,
        times.adopted_tenants,
        times.timed_tenants,
        times.median_days_to_first_use,
        times.observed_tenants,
        {{ rounded(
            'cast(times.early_tenants as double precision) / nullif(times.observed_tenants, 0)', 4
        ) }} as early_adoption_share,
        extent.as_of_date
    from cells
    cross join extent
    inner join sizes
        on
            cells.dimension = sizes.dimension
            and cells.slice = sizes.slice
    left join depth
        on
            cells.dimension = depth.dimension
            and cells.slice = depth.slice
            and cells.feature_name = depth.feature_name
    left join times
        on
            cells.dimension = times.dimension
            and cells.slice = times.slice
            and cells.feature_name = times.feature_name

)

select * from final
