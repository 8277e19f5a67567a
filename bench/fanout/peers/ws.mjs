// Node's `ws`, as its documentation broadcasts: one Buffer, `send` to every client.
import { WebSocketServer } from "ws";
import { answer, obey } from "./commands.mjs";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 }, () => answer({ port: server.address().port }));
const buffers = {};

obey({
  payloads: (texts) => {
    for (const [name, text] of Object.entries(texts)) buffers[name] = Buffer.from(text);
  },
  sender: (what) => () => {
    for (const client of server.clients) client.send(buffers[what], { binary: false });
  },
});
