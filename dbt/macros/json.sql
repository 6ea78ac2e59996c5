{% macro json_text(column, key) -%}
    {#- The value of one attribute as text; null where there is none. Keys have dots in them. -#}
    {{ return(adapter.dispatch('json_text', 'mainstem')(column, key)) }}
{%- endmacro %}

{% macro duckdb__json_text(column, key) -%}
    json_extract_string({{ column }}, '$."{{ key }}"')
{%- endmacro %}

{% macro postgres__json_text(column, key) -%}
    (cast({{ column }} as jsonb) ->> '{{ key }}')
{%- endmacro %}

{% macro spark__json_text(column, key) -%}
    get_json_object({{ column }}, "$['{{ key }}']")
{%- endmacro %}

{% macro json_number(column, key) -%}
    {#-
        The value of one attribute as an exact number; null where it is none, or so large (above
        10^15) that sums of it could overflow: one sender's mistake must not stop a build.
    -#}
    {{ return(adapter.dispatch('json_number', 'mainstem')(column, key)) }}
{%- endmacro %}

{% macro default__json_number(column, key) -%}
    case
        when abs(try_cast({{ mainstem.json_text(column, key) }} as double)) <= 1e15
            then try_cast({{ mainstem.json_text(column, key) }} as decimal(28, 6))
    end
{%- endmacro %}

{% macro postgres__json_number(column, key) -%}
    case
        when {{ mainstem.json_text(column, key) }} ~ '^-?[0-9]{1,15}([.][0-9]+)?$'
            then cast({{ mainstem.json_text(column, key) }} as decimal(28, 6))
    end
{%- endmacro %}

{% macro json_first(column, outer, key) -%}
    {#-
        In an array of objects that hold attributes under `outer`: the attribute `key` of the first
        object that has it, as text.
    -#}
    {{ return(adapter.dispatch('json_first', 'mainstem')(column, outer, key)) }}
{%- endmacro %}

{% macro duckdb__json_first(column, outer, key) -%}
    json_extract_string({{ column }}, '$[*].{{ outer }}."{{ key }}"')[1]
{%- endmacro %}

{% macro postgres__json_first(column, outer, key) -%}
    (jsonb_path_query_first(cast({{ column }} as jsonb), '$[*].{{ outer }}."{{ key }}"') #>> '{}')
{%- endmacro %}

{% macro spark__json_first(column, outer, key) -%}
    try_element_at(
        filter(
            transform(
                from_json({{ column }}, 'array<struct<{{ outer }}: map<string, string>>>'),
                each -> each.{{ outer }}['{{ key }}']
            ),
            found -> found is not null
        ),
        1
    )
{%- endmacro %}
