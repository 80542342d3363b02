"""OTLP 1.x requests to flat Arrow rows of the lake's schema."""
