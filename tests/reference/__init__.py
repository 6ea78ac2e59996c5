"""What the core must do, in plain and slow Python with protobuf's own classes.

messages    a request's bytes as protobuf's classes, read as mainstem promises to read them
encode      a request as the JSON document that a blob's line holds
rows        a request as rows of the bronze tables
generate    random requests of every shape: as messages, on the wire, as JSON
"""
