"""Log files followed through rotation, truncation, compression and kills: each record once (C2)."""
