"""The durable hand-over inside a collector: acknowledged requests on disk until the lake holds them."""
