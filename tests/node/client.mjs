// Drives the real socket.io-client from a test: one JSON command a line on standard input, one JSON event a line out.
//
//   {"do": "connect", "url", "options"}   {"do": "emit", "type", "data"}   {"do": "close"}
//
// What comes out: {"event": NAME, "data": …}, with bytes as {"bytes": LENGTH, "start": HEX}.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const tell = (event, data) => process.stdout.write(JSON.stringify({ event, data }) + "\n");
const shown = (value) =>
  value instanceof Uint8Array ? { bytes: value.length, start: Buffer.from(value.subarray(0, 2)).toString("hex") } : value;

let socket;

const commands = {
  connect({ url, options }) {
    socket = io(url, { reconnection: false, forceNew: true, ...options });
    socket.on("connect", () => tell("connect", { transport: socket.io.engine.transport.name }));
    socket.on("connect_error", (error) => tell("connect_error", { message: error.message, data: error.data }));
    socket.on("disconnect", (reason) => tell("disconnect", { reason }));
    socket.io.engine.on("upgrade", (transport) => tell("upgrade", { transport: transport.name }));
    socket.onAny((event, ...values) => tell(event, values.length === 1 ? shown(values[0]) : values.map(shown)));
  },
  emit({ type, data }) {
    socket.emit(type, data);
  },
  close() {
    socket.close();
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on("close", () => process.exit(0));
