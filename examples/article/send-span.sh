#!/bin/sh
# The article's test trace; only the address may be given: COLLECTOR=host:port.
curl -X POST "http://${COLLECTOR:-localhost:4318}/v1/traces" \
  -H "Content-Type: application/json" \
  -d '{
    "resourceSpans": [{
      "resource": {
        "attributes": [
          {"key": "service.name", "value": {"stringValue": "test-service"}}
        ]
      },
      "scopeSpans": [{
        "scope": {"name": "test-scope"},
        "spans": [{
          "traceId": "0af7651916cd43dd8448eb211c80319c",
          "spanId": "b7ad6b7169203331",
          "name": "test-span",
          "startTimeUnixNano": "1614556800000000000",
          "endTimeUnixNano": "1614556801000000000"
        }]
      }]
    }]
  }'
