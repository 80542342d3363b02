/* Node-RED without its editor, on loopback; its flows are the file beside. */
module.exports = {
    flowFile: __dirname + "/flows.json",
    uiHost: "127.0.0.1",
    uiPort: Number(process.env.PORT),
    disableEditor: true,
    httpAdminRoot: false,
    telemetry: { enabled: false, updateNotification: false },
    logging: { console: { level: "info" } },
};
