{#-
    `mainstem decay` drops detail and closes its days: `bronze.closed_days` says, per region and
    grain, before which day it is gone. What loads bring for a closed day is merged into the rows
    that a model has of it, each column by the rule in its yml (`config: {meta: {merge: ...}}`):

    key                      a row is found by it
    sum, min, max            of both
    {last: [columns]}        its value in the row in which these columns, in their order, are
                             greatest; {first: [columns]}: smallest
-#}

{% macro closed_before(grain) -%}
    {#- By region, the first day (as text) that still has detail, or another grain; none if all. -#}
    {% set found = {} %}
    {% set table = api.Relation.create(
        database=target.database, schema='bronze', identifier='closed_days'
    ) %}
    {% if execute and load_cached_relation(table) %}
        {% set rows = run_query(
            "select region, cast(max(closed_before) as varchar(10)) from bronze.closed_days"
            ~ " where grain = '" ~ grain ~ "' group by region order by region"
        ).rows %}
        {% for row in rows %}{% do found.update({row[0]: row[1]}) %}{% endfor %}
    {% endif %}
    {{ return(found) }}
{%- endmacro %}

{% macro open_days() -%}
    {#- A condition on event_date and region: days whose detail is all there. -#}
    {% set conditions = [] %}
    {% for region, day in mainstem.closed_before('detail').items() %}
        {% do conditions.append(
            "(region = '" ~ region | replace("'", "''") ~ "' and event_date < date '" ~ day ~ "')"
        ) %}
    {% endfor %}
    {{ return("not (" ~ conditions | join(" or ") ~ ")" if conditions else "true") }}
{%- endmacro %}

{% macro refuse_to_lose_closed_days() -%}
    {% if should_full_refresh() and load_relation(this) and mainstem.closed_before('detail') %}
        {% do exceptions.raise_compiler_error(
            "a full refresh of " ~ this.identifier ~ " would lose its closed days: their detail is "
            ~ "gone. Build it with `mainstem build --keep-closed`, which makes the open days anew."
        ) %}
    {% endif %}
{%- endmacro %}

{% macro merge_rule(name) -%}
    {% set column = model.columns.get(name, {}) %}
    {{ return(column.get('config', {}).get('meta', {}).get('merge')) }}
{%- endmacro %}

{% macro unmerged_columns() -%}
    {#- The columns that say no rule; a closed day cannot take a late row while there is one. -#}
    {% set found = [] %}
    {% for name in model.columns %}
        {% if not mainstem.merge_rule(name) %}{% do found.append(name) %}{% endif %}
    {% endfor %}
    {{ return(found) }}
{%- endmacro %}

{% macro merged_rows(rows, columns, closed) -%}
    {#- A query that makes one row of all that have the same key, by the columns' rules. -#}
    {% if mainstem.unmerged_columns() %}
        {% do exceptions.raise_compiler_error(
            "late rows of closed days cannot be merged into " ~ this.identifier ~ ": its yml gives "
            ~ "no rule (config: {meta: {merge: ...}}) for " ~ mainstem.unmerged_columns() | join(', ')
        ) %}
    {% endif %}
    {% set keys, orders = [], [] %}
    {% for column in columns %}
        {% set rule = mainstem.merge_rule(column.name) %}
        {% if rule == 'key' %}
            {% do keys.append(column.quoted) %}
        {% elif rule is mapping and mainstem.order_of(rule) not in orders %}
            {% do orders.append(mainstem.order_of(rule)) %}
        {% endif %}
    {% endfor %}
    select
    {%- for column in columns %}
        {% set rule = mainstem.merge_rule(column.name) %}
        {%- if rule == 'key' -%}
            {{ column.quoted }}
        {%- elif rule in ('sum', 'min', 'max') -%}
            {{ mainstem.reduced(rule, column.quoted, column.name) }}
        {%- elif rule is mapping and (rule.first or rule.last) -%}
            {{ mainstem.reduced(
                'max',
                'case when place_' ~ orders.index(mainstem.order_of(rule)) ~ ' = 1 then ' ~ column.quoted ~ ' end',
                column.name
            ) }}
        {%- else -%}
            {% do exceptions.raise_compiler_error(
                this.identifier ~ "." ~ column.name ~ ": there is no merge rule " ~ rule
                ~ "; there are key, sum, min, max, first and last"
            ) %}
        {%- endif %} as {{ column.quoted }}
        {%- if not loop.last %},{% endif %}
    {%- endfor %}
    from (
        select
            parts.*
        {%- for order in orders %},
            row_number() over (partition by {{ keys | join(', ') }} order by {{ order }}) as place_{{ loop.index0 }}
        {%- endfor %}
        from {{ rows }} as parts
        where {{ closed }}
    ) as ranked
    group by {{ keys | join(', ') }}
{%- endmacro %}

{% macro reduced(aggregate, value, column) -%}
    {#- An aggregate in the column's own type; PostgreSQL knows no greatest of booleans. -#}
    {% set type = model.columns[column].data_type %}
    {%- if type == 'boolean' -%}
        {{ aggregate }}(cast({{ value }} as integer)) = 1
    {%- else -%}
        cast({{ aggregate }}({{ value }}) as {{ type }})
    {%- endif -%}
{%- endmacro %}

{% macro order_of(rule) -%}
    {% set direction = 'asc' if rule.first else 'desc' %}
    {% set parts = [] %}
    {% for name in rule.first or rule.last %}
        {% do parts.append(name ~ ' ' ~ direction ~ ' nulls last') %}
    {% endfor %}
    {{ return(parts | join(', ')) }}
{%- endmacro %}
