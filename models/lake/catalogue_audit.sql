-- data_files: every data file of the audit tables, with its path below the data folder
SELECT
    f.data_file_id,
    t.table_name,
    s.path || t.path || f.path AS path,
    f.record_count,
    f.file_size_bytes,
    f.end_snapshot
FROM $catalogue.ducklake_data_file f
JOIN $catalogue.ducklake_table t USING (table_id)
JOIN $catalogue.ducklake_schema s USING (schema_id)
ORDER BY f.data_file_id;

-- delete_files: rows taken away from a data file, which an append-only lake never has
SELECT d.data_file_id, d.delete_count FROM $catalogue.ducklake_delete_file d;

-- inlined_tables: rows kept in the catalogue itself, past the guards
SELECT t.table_name FROM $catalogue.ducklake_inlined_data_tables i JOIN $catalogue.ducklake_table t USING (table_id);

-- tables: names and ends of the tables the catalogue knows
SELECT table_name, end_snapshot FROM $catalogue.ducklake_table;

-- table_counts: what the catalogue says of a whole table
SELECT t.table_name, s.record_count
FROM $catalogue.ducklake_table_stats s JOIN $catalogue.ducklake_table t USING (table_id);

-- column_stats: what the catalogue says of each file's columns
SELECT c.data_file_id, k.column_name, k.column_type, c.value_count, c.null_count, c.min_value, c.max_value
FROM $catalogue.ducklake_file_column_stats c
JOIN $catalogue.ducklake_column k ON k.table_id = c.table_id AND k.column_id = c.column_id AND k.end_snapshot IS NULL;

-- partition_values: the part of a moment that a file's partition claims for all its rows
SELECT p.data_file_id, c.transform, p.partition_value
FROM $catalogue.ducklake_file_partition_value p
JOIN $catalogue.ducklake_data_file f USING (data_file_id)
JOIN $catalogue.ducklake_partition_column c
  ON c.partition_id = f.partition_id AND c.partition_key_index = p.partition_key_index;

-- footers: rows and column ranges as the files themselves tell them, one row per file and column
SELECT
    file_name,
    path_in_schema AS column_name,
    sum(num_values)::BIGINT AS value_count,
    sum(stats_null_count)::BIGINT AS null_count,
    list(stats_min_value) AS minima,
    list(stats_max_value) AS maxima
FROM parquet_metadata($files)
GROUP BY file_name, path_in_schema;

-- footer_rows: rows of each file as its footer counts them
SELECT file_name, num_rows FROM parquet_file_metadata($files);
