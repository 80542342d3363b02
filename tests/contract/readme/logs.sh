tieout sql "SELECT time, severity_text, body FROM logs WHERE service_name = 'erp-sync' ORDER BY time DESC LIMIT 20"
tieout sql "SELECT path, error_code, reason, content FROM quarantine WHERE receiver = 'log-files' LIMIT 20"
