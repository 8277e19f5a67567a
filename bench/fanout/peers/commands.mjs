// Commands and answers are lines of JSON: see program.py.
import { createInterface } from "node:readline";

export const answer = (values) => process.stdout.write(JSON.stringify(values) + "\n");

// Sends `messages` messages in each of `ticks` turns of the event loop.
const tick = (send, { ticks, messages }) =>
  new Promise((done) => {
    const turn = (left) => {
      if (left === 0) return done();
      for (let message = 0; message < messages; message++) send();
      setImmediate(turn, left - 1);
    };
    turn(ticks);
  });

export function obey({ payloads, sender }) {
  createInterface({ input: process.stdin })
    .on("line", async (line) => {
      const command = JSON.parse(line);
      if (command.do === "payloads") payloads(command.payloads);
      if (command.do === "tick") await tick(sender(command.what), command);
      answer({ done: true });
    })
    .on("close", () => process.exit(0));
}
