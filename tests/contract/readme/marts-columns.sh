tieout sql "select column_name, comment from duckdb_columns() where table_name = 'mart_work'"
