// Node's `socket.io`, as its documentation broadcasts: `io.emit`, over WebSockets.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { answer, obey } from "./commands.mjs";

const http = createServer();
const server = new Server(http, { transports: ["websocket"], serveClient: false });
const messages = {};
http.listen(0, "127.0.0.1", () => answer({ port: http.address().port }));

obey({
  payloads: (texts) => {
    for (const [name, text] of Object.entries(texts)) messages[name] = JSON.parse(text);
  },
  sender: (what) => () => server.emit(messages[what].type, messages[what].data),
});
