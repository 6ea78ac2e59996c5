{#-
    An incremental model rebuilds exactly the days of a region that a load touched since the model
    was last built, however old they are. Three parts:
    `meta.model_builds` holds, for each build of a model, the last load that it saw;
    `in_touched_days` is the model's own filter on what it reads;
    the strategy `touched_days` deletes the same days and inserts the rows anew, so that a day whose
    last row went is emptied too. All three run in the model's one transaction.
-#}

{% macro create_model_builds() -%}
    create schema if not exists meta;
    create table if not exists meta.model_builds (
        model varchar(255), load_id bigint, previous_load_id bigint, built_at timestamp
    )
{%- endmacro %}

{% macro scalar(sql) -%}
    {#- The one value of a query; 0 while dbt only parses. -#}
    {% if not execute %}{{ return(0) }}{% endif %}
    {{ return(run_query(sql).columns[0].values()[0]) }}
{%- endmacro %}

{% macro newest_load() -%}
    {#- The load that this build goes up to; `mainstem build` fixes it for the whole run. -#}
    {% if not execute %}{{ return(0) }}{% endif %}
    {% set fixed = env_var('MAINSTEM_NEWEST_LOAD', '') %}
    {% if fixed %}{{ return(fixed | int) }}{% endif %}
    {{ return(scalar("select coalesce(max(load_id), 0) from " ~ source('bronze', 'loads'))) }}
{%- endmacro %}

{% macro last_built_load(model_name) -%}
    {{ return(scalar(
        "select coalesce(max(load_id), 0) from meta.model_builds where model = '" ~ model_name ~ "'"
    )) }}
{%- endmacro %}

{% macro touched_days_since(load_id, signals) -%}
    {#- A condition on event_date and region, written out, so that storage can skip other days. -#}
    {% if not execute %}{{ return("true") }}{% endif %}
    {% set touched = run_query(
        "select distinct region, cast(event_date as varchar(10)) as event_date from "
        ~ source('bronze', 'load_touched')
        ~ " where load_id > " ~ load_id ~ " and load_id <= " ~ newest_load()
        ~ " and signal in ('" ~ signals | join("', '") ~ "') order by 1, 2"
    ) %}
    {% set days = {} %}
    {% for row in touched.rows %}
        {% do days.setdefault(row[0], []).append("date '" ~ row[1] ~ "'") %}
    {% endfor %}
    {% set conditions = [] %}
    {% for region, dates in days.items() %}
        {% do conditions.append(
            "(region = '" ~ region | replace("'", "''") ~ "' and event_date in (" ~ dates | join(", ") ~ "))"
        ) %}
    {% endfor %}
    {{ return("(" ~ conditions | join(" or ") ~ ")" if conditions else "false") }}
{%- endmacro %}

{% macro in_touched_days(signals=['logs']) -%}
    {% if is_incremental() -%}
        {{ touched_days_since(last_built_load(this.identifier), signals) }}
    {%- else -%}
        true
    {%- endif %}
{%- endmacro %}

{% macro get_incremental_touched_days_sql(arguments) -%}
    {% set signals = config.get('meta', {}).get('signals', ['logs']) %}
    {% set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') %}
    delete from {{ arguments['target_relation'] }}
    where {{ touched_days_since(last_built_load(this.identifier), signals) }};

    insert into {{ arguments['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arguments['temp_relation'] }}
{%- endmacro %}

{% macro record_model_build() -%}
    insert into meta.model_builds (model, load_id, previous_load_id, built_at)
    values (
        '{{ this.identifier }}',
        {{ newest_load() }},
        {{ last_built_load(this.identifier) if is_incremental() else 0 }},
        {{ dbt.current_timestamp() }}
    )
{%- endmacro %}

{% macro days_of_last_build(model_name, signals=['logs']) -%}
    {#- The days that a model's last build rebuilt: tests of large models look at those alone. -#}
    {{ return(touched_days_since(scalar(
        "select previous_load_id from meta.model_builds where model = '" ~ model_name
        ~ "' order by built_at desc, load_id desc limit 1"
    ) or 0, signals)) }}
{%- endmacro %}
