{#- docs/answers.md, "Whose usage changed", defines each step and what the variables are. -#}
with

scores as (

    select * from {{ ref('int_usage_scores') }}

),

off_days as (

    select
        *,
        case when score > 0 then 'up' else 'down' end as direction
    from scores
    where
        abs(score) >= {{ var('spike_score') }}
        and abs(quantity - expected_quantity)
        >= {{ var('spike_least_change') }} * expected_quantity

),

followed as (

    select
        *,
        lag(event_date) over (
            partition by tenant_id, usage_metric, direction
            order by event_date
        ) as previous_date
    from off_days

),

numbered as (

    select
        *,
        sum(
            case
                when {{ whole_days('previous_date', 'event_date') }} <= {{ var('spike_gap_days') }}
                    then 0
                else 1
            end
        ) over (
            partition by tenant_id, usage_metric, direction
            order by event_date
            rows between unbounded preceding and current row
        ) as episode
    from followed

),

episodes as (

    select
        tenant_id,
        usage_metric,
        direction,
        episode,
        min(event_date) as started_on,
        max(event_date) as ended_on,
        count(*) as days_off,
        sum(quantity) as quantity,
        sum(expected_quantity) as expected_quantity,
        max(abs(score)) as peak_score
    from numbered
    group by
        tenant_id,
        usage_metric,
        direction,
        episode

),

final as (

    select
        tenant_id,
        usage_metric,
        direction,
        started_on,
        ended_on,
        days_off,
        {{ rounded('quantity', 6) }} as quantity,
        {{ rounded('expected_quantity', 6) }} as expected_quantity,
        peak_score
    from episodes
    where
        days_off >= {{ var('spike_least_days') }}
        or peak_score >= {{ var('spike_single_day_score') }}

)

select * from final
