TIEOUT_HOME=/srv/tieout TIEOUT_SYSTEMS=/etc/tieout/systems.toml TIEOUT_WITNESS=/mnt/worm/checkpoints.txt .venv/bin/tieout up
