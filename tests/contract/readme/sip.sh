TIEOUT_HOME=var-sip TIEOUT_SIP=/path/to/sip TIEOUT_SYSTEMS=integrations/connectors/csv/examples/sip-systems.toml .venv/bin/tieout up --sandbox
