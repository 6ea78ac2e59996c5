{#-
    An incremental model rebuilds exactly the days of a region that a load touched since the model
    was last built, however old they are. Three parts:
    `meta.model_builds` holds, for each build of a model, the last load that it saw;
    `in_touched_days` is the model's own filter on what it reads;
    the strategy `touched_days` deletes the same days and inserts the rows anew, so that a day whose
    last row went is emptied too. All three run in the model's one transaction.

    A closed day (macros/closed_days.sql) cannot be rebuilt: its detail is gone. Of such a day a
    model reads what loads brought since, and the strategy merges that into the rows that are there.
-#}

{% macro create_model_builds() -%}
    create schema if not exists meta;
    create table if not exists meta.model_builds (
        model varchar(255), load_id bigint, previous_load_id bigint, built_at timestamp
    );
    alter table meta.model_builds add column if not exists schema_name varchar(255);
    alter table meta.model_builds add column if not exists grain varchar(16)
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
    {{ return(mainstem.scalar("select coalesce(max(load_id), 0) from " ~ source('bronze', 'loads'))) }}
{%- endmacro %}

{% macro last_built_load(model_name) -%}
    {{ return(mainstem.scalar(
        "select coalesce(max(load_id), 0) from meta.model_builds where model = '" ~ model_name ~ "'"
    )) }}
{%- endmacro %}

{% macro grain() -%}
    {#- What a row of the model stands for, so what decay does with it (docs/decay.md). -#}
    {{ return(config.get('meta', {}).get('grain', 'day') if execute else 'day') }}
{%- endmacro %}

{% macro touched_since(load_id, signals, grain) -%}
    {#-
        The days that loads touched, by region: {'open': {'euc': ["date '2026-11-24'"]}, 'closed':
        {...}}. Closed days that no longer have rows of a model's grain are in neither.
    -#}
    {% set days = {'open': {}, 'closed': {}} %}
    {% if execute %}
        {% set closed = mainstem.closed_before('detail') %}
        {% set dropped = mainstem.closed_before(grain) if grain == 'hour' else {} %}
        {% set touched = run_query(
            "select distinct region, cast(event_date as varchar(10)) as event_date from "
            ~ source('bronze', 'load_touched')
            ~ " where load_id > " ~ load_id ~ " and load_id <= " ~ mainstem.newest_load()
            ~ " and signal in ('" ~ signals | join("', '") ~ "') order by 1, 2"
        ) %}
        {% for row in touched.rows %}
            {% set which = 'closed' if row[1] < closed.get(row[0], '') else 'open' %}
            {% if row[1] >= dropped.get(row[0], '') %}
                {% do days[which].setdefault(row[0], []).append("date '" ~ row[1] ~ "'") %}
            {% endif %}
        {% endfor %}
    {% endif %}
    {{ return(days) }}
{%- endmacro %}

{% macro among(days) -%}
    {#- A condition on event_date and region, written out, so that storage can skip other days. -#}
    {% set conditions = [] %}
    {% for region, dates in days.items() %}
        {% do conditions.append(
            "(region = '" ~ region | replace("'", "''") ~ "' and event_date in (" ~ dates | join(", ") ~ "))"
        ) %}
    {% endfor %}
    {{ return("(" ~ conditions | join(" or ") ~ ")" if conditions else "false") }}
{%- endmacro %}

{% macro touched_days_since(load_id, signals) -%}
    {% if not execute %}{{ return("true") }}{% endif %}
    {% set days = mainstem.touched_since(load_id, signals, 'day') %}
    {{ return("(" ~ mainstem.among(days['open']) ~ " or " ~ mainstem.among(days['closed']) ~ ")") }}
{%- endmacro %}

{% macro rebuilt(days) -%}
    {#- What a build makes anew: the open days that were touched, or all open ones. -#}
    {{ return(mainstem.open_days() if env_var('MAINSTEM_KEEP_CLOSED', '') else mainstem.among(days['open'])) }}
{%- endmacro %}

{% macro in_touched_days(signals=['logs']) -%}
    {%- if not execute or model.resource_type == 'unit_test' -%}
        true
    {%- elif is_incremental() -%}
        {%- set last = mainstem.last_built_load(this.identifier) -%}
        {%- set days = mainstem.touched_since(last, signals, mainstem.grain()) -%}
        {%- if days['closed'] -%}
            (
                {{ mainstem.rebuilt(days) }}
                or ({{ mainstem.among(days['closed']) }} and load_id > {{ last }} and load_id <= {{ mainstem.newest_load() }})
            )
        {%- else -%}
            {{ mainstem.rebuilt(days) }}
        {%- endif -%}
    {%- else -%}
        {%- do mainstem.refuse_to_lose_closed_days() -%}
        {{ mainstem.open_days() }}
    {%- endif -%}
{%- endmacro %}

{% macro get_incremental_touched_days_sql(arguments) -%}
    {% set signals = config.get('meta', {}).get('signals', ['logs']) %}
    {% set days = mainstem.touched_since(mainstem.last_built_load(this.identifier), signals, mainstem.grain()) %}
    {% set target, new = arguments['target_relation'], arguments['temp_relation'] %}
    {% set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') %}
    {% set closed = mainstem.among(days['closed']) %}
    {% set merges = days['closed'] and mainstem.grain() != 'detail' %}

    {%- if merges %}
    insert into {{ new }} ({{ columns }})
    select {{ columns }} from {{ target }}
    where {{ closed }};
    {%- endif %}

    delete from {{ target }}
    where {{ mainstem.rebuilt(days) }}{% if merges %} or {{ closed }}{% endif %};

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ new }}
    {%- if merges %}
    where not {{ closed }};

    insert into {{ target }} ({{ columns }})
    {{ mainstem.merged_rows(new, arguments['dest_columns'], closed) }}
    {%- endif %}
{%- endmacro %}

{% macro record_model_build() -%}
    insert into meta.model_builds
        (model, load_id, previous_load_id, built_at, schema_name, grain)
    values (
        '{{ this.identifier }}',
        {{ mainstem.newest_load() }},
        {{ mainstem.last_built_load(this.identifier) if is_incremental() else 0 }},
        {{ dbt.current_timestamp() }},
        '{{ this.schema }}',
        '{{ 'unmerged' if mainstem.grain() != 'detail' and mainstem.unmerged_columns() else mainstem.grain() }}'
    )
{%- endmacro %}

{% macro days_of_last_build(model_name, signals=['logs']) -%}
    {#- The days that a model's last build rebuilt: tests of large models look at those alone. -#}
    {{ return(mainstem.touched_days_since(mainstem.scalar(
        "select previous_load_id from meta.model_builds where model = '" ~ model_name
        ~ "' order by built_at desc, load_id desc limit 1"
    ) or 0, signals)) }}
{%- endmacro %}
