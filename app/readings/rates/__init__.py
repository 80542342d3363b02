"""What figures in the reporting currency stand on."""
