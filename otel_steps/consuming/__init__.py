"""
OTLP out of Kafka: what the exporter of an OpenTelemetry Collector has written, into the journal.

`kafka_source` knows what a URL names, `member` what librdkafka gives it, `message_taker` what
becomes of one message, and `consumption` when the group may be told that it is done with: once the
store has it. `brokers` looks whether there is anything to be read.

It needs confluent-kafka, which comes with the extra `kafka`.
"""
