{#-
    Fixed logarithmic buckets: counts in them add up over days, regions and engines, and quantiles
    are read off the sum. Bucket `i` holds values above 2^(i/8) up to 2^((i+1)/8), the bounds of an
    OpenTelemetry exponential histogram of scale 3. The estimate of a bucket differs from any value
    in it by at most (2^(1/8) - 1) / (2^(1/8) + 1) = 4.4 % of that value.
-#}

{% macro log_bucket(value) -%}
    {#-
        The bucket of a number; what is not above 1 lies in bucket -1. Nine decimals before the
        ceiling keep a power of two, which is a bound, in its bucket, whatever the last digits of an
        engine's logarithm are.
    -#}
    cast(
        ceil(cast(
            ln(cast(greatest({{ value }}, 1) as double precision))
            / ln(cast(2 as double precision)) * 8
            as decimal(20, 9)
        )) - 1
        as integer
    )
{%- endmacro %}

{% macro bucket_estimate(bucket) -%}
    {#- A bucket's harmonic middle, which lies equally far, in proportion, from both of its bounds. -#}
    (
        2 * power(cast(2 as double precision), ({{ bucket }} + 1) / cast(8 as double precision))
        / (power(cast(2 as double precision), 1 / cast(8 as double precision)) + 1)
    )
{%- endmacro %}
