"""The `tieout` command: what the console does, from a terminal (O8). Exit 0 done, 1 bad news, 2 wrong use."""
