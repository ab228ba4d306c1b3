// Listens on a socket for JavaScript, one request a connection, runs it in the extension host and answers with its value.
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const vscode = require("vscode");

exports.activate = (context) => {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const pieces = [];
    socket.on("error", () => socket.destroy());
    socket.on("data", (piece) => pieces.push(piece));
    socket.on("end", async () => {
      let answer;
      try {
        const { code, values } = JSON.parse(Buffer.concat(pieces).toString());
        const value = await new Function("vscode", "values", `return (async () => { ${code} })()`)(vscode, values);
        answer = { value: value === undefined ? null : value };
      } catch (error) {
        answer = { error: String(error?.stack ?? error) };
      }
      socket.end(JSON.stringify(answer));
    });
  });
  // Named by process: a window that is loaded again starts another extension host before the first has gone.
  const socket = path.join(process.env.TEST_BRIDGE, `${process.pid}.sock`);
  server.listen(`${socket}.new`, () => fs.renameSync(`${socket}.new`, socket));
  context.subscriptions.push({ dispose: () => server.close() });
};
