/* Node-RED without its editor, on loopback; its flows are the file beside. */
const crypto = require("crypto");

/* What comes to /tieout-again was signed with REPLAY_SECRET as Standard Webhooks says, over the bytes as they came. */
function proven(headers, body) {
    const [id, moment] = [headers["webhook-id"], headers["webhook-timestamp"]];
    if (!moment || Math.abs(Date.now() / 1000 - Number(moment)) > 300) return false;
    const key = Buffer.from(process.env.REPLAY_SECRET.replace("whsec_", ""), "base64");
    const wanted = crypto.createHmac("sha256", key).update(`${id}.${moment}.`).update(body).digest();
    return (headers["webhook-signature"] || "").split(" ").some((one) => {
        const shown = Buffer.from(one.replace("v1,", ""), "base64");
        return shown.length === wanted.length && crypto.timingSafeEqual(shown, wanted);
    });
}

module.exports = {
    flowFile: __dirname + "/flows.json",
    uiHost: "127.0.0.1",
    uiPort: Number(process.env.PORT),
    disableEditor: true,
    httpAdminRoot: false,
    telemetry: { enabled: false, updateNotification: false },
    logging: { console: { level: "info" } },
    httpNodeMiddleware: (request, response, next) => {
        if (request.path !== "/tieout-again") return next();
        const parts = [];
        request.on("data", (part) => parts.push(part));
        request.on("end", () => {
            const body = Buffer.concat(parts);
            if (!proven(request.headers, body)) return response.sendStatus(401);
            request.body = JSON.parse(body);
            request._body = true;  // read already: the flow's own parser leaves it alone
            next();
        });
    },
};
