{#- docs/answers.md, "Whose usage changed", says what each step is for. -#}
{%- set weeks = 8 -%}
{{ config(materialized='table') }}

with

usage_days as (

    select * from {{ ref('int_usage_days') }}

),

weeks_back as (

    {% for week in range(1, weeks + 1) -%}
        select {{ week }} as weeks_ago
        {%- if not loop.last %} union all {% endif %}
    {% endfor %}

),

-- Each day is looked at from the same weekday of the weeks after it.
seen_later as (

    select
        usage_days.tenant_id,
        usage_days.usage_metric,
        usage_days.quantity,
        {{ days_after('7 * weeks_back.weeks_ago', 'usage_days.event_date') }} as event_date
    from usage_days
    cross join weeks_back

),

expected as (

    select
        tenant_id,
        usage_metric,
        event_date,
        count(*) as baseline_days,
        {{ median('quantity') }} as expected_quantity
    from seen_later
    group by
        tenant_id,
        usage_metric,
        event_date

),

-- The logarithm of a ratio, so that twice and half as much lie equally far; a tenth of what is
-- expected is added to both, so that a day without use has one.
residuals as (

    select
        usage_days.*,
        expected.expected_quantity,
        ln(
            (usage_days.quantity + 0.1 * expected.expected_quantity)
            / (1.1 * expected.expected_quantity)
        ) as residual
    from usage_days
    inner join expected
        on
            usage_days.tenant_id = expected.tenant_id
            and usage_days.usage_metric = expected.usage_metric
            and usage_days.event_date = expected.event_date
    where
        expected.baseline_days >= {{ var('spike_least_baseline_days') }}
        and expected.expected_quantity > 0

),

residuals_seen_later as (

    select
        residuals.tenant_id,
        residuals.usage_metric,
        residuals.residual,
        {{ days_after('7 * weeks_back.weeks_ago', 'residuals.week_start') }} as week_start
    from residuals
    cross join weeks_back

),

-- 1.4826 medians of the distance are a standard deviation where residuals are normal.
noise as (

    select
        tenant_id,
        usage_metric,
        week_start,
        count(*) as residual_days,
        1.4826 * {{ median('abs(residual)') }} as usual_noise
    from residuals_seen_later
    group by
        tenant_id,
        usage_metric,
        week_start

),

-- Counts are never less noisy than chance makes them: 1 / sqrt(n).
scaled as (

    select
        residuals.*,
        greatest(
            noise.usual_noise,
            {{ var('spike_least_noise') }},
            case
                when residuals.usage_metric = 'feature.used'
                    then 1 / sqrt(residuals.expected_quantity)
                else 0
            end
        ) as noise
    from residuals
    inner join noise
        on
            residuals.tenant_id = noise.tenant_id
            and residuals.usage_metric = noise.usage_metric
            and residuals.week_start = noise.week_start
            and noise.residual_days >= {{ var('spike_least_noise_days') }}

),

final as (

    select
        tenant_id,
        usage_metric,
        event_date,
        quantity,
        {{ rounded('expected_quantity', 6) }} as expected_quantity,
        {{ rounded('noise', 6) }} as noise,
        {{ rounded('residual / noise', 4) }} as score
    from scaled

)

select * from final
