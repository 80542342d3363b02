"""Does of each flow come what is to be expected of it? Operations and `tieout volume` show it."""
