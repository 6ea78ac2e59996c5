{% macro local_time(moment, zone) -%}
    {#- What the clocks of a zone (an IANA name) show at a moment in UTC. -#}
    {{ return(adapter.dispatch('local_time', 'mainstem')(moment, zone)) }}
{%- endmacro %}

{% macro default__local_time(moment, zone) -%}
    (({{ moment }}) at time zone 'UTC' at time zone {{ zone }})
{%- endmacro %}

{% macro spark__local_time(moment, zone) -%}
    from_utc_timestamp({{ moment }}, {{ zone }})
{%- endmacro %}

{% macro local_date(moment, zone) -%}
    {#- The calendar day of a zone at a moment in UTC. -#}
    cast({{ mainstem.local_time(moment, zone) }} as date)
{%- endmacro %}

{% macro start_of_local_day(day, zone) -%}
    {#- The moment in UTC at which a day begins in a zone. -#}
    {{ return(adapter.dispatch('start_of_local_day', 'mainstem')(day, zone)) }}
{%- endmacro %}

{% macro default__start_of_local_day(day, zone) -%}
    (cast({{ day }} as timestamp) at time zone {{ zone }} at time zone 'UTC')
{%- endmacro %}

{% macro spark__start_of_local_day(day, zone) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), {{ zone }})
{%- endmacro %}

{% macro in_days_of_changed_zones() -%}
    {#-
        A condition on the days of a region whose rows in the model lie in another billing zone than
        the one that contracts and the map of tenants say now: a tenant that was mapped late, for
        one. Closed days stay, since their detail is gone. It is the same before and after the rows
        are read, since neither the model nor the map changes in between.
    -#}
    {% if not execute or not is_incremental() %}{{ return('false') }}{% endif %}
    {% set changed %}
        select distinct
            parts.region,
            cast(parts.event_date as varchar(10)) as event_date
        from {{ this }} as parts
        left join {{ ref('int_tenant_accounts') }} as tenant_accounts
            on
                parts.tenant_id = tenant_accounts.tenant_id
                and parts.last_reported_at >= tenant_accounts.starts_at
                and parts.last_reported_at < tenant_accounts.ends_at
        where
            parts.billing_timezone <> coalesce(tenant_accounts.billing_timezone, 'UTC')
            and {{ mainstem.open_days() }}
        order by 1, 2
    {% endset %}
    {% set days = {} %}
    {% for row in run_query(changed).rows %}
        {% do days.setdefault(row[0], []).append("date '" ~ row[1] ~ "'") %}
    {% endfor %}
    {{ return(mainstem.among(days)) }}
{%- endmacro %}

{% macro get_incremental_touched_days_and_zones_sql(arguments) -%}
    delete from {{ arguments['target_relation'] }}
    where {{ mainstem.in_days_of_changed_zones() }};

    {{ get_incremental_touched_days_sql(arguments) }}
{%- endmacro %}
