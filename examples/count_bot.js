// A bot in another language: counts words when somebody says "!count TEXT".
//   node examples/count_bot.js [options of client_cli.py, such as --room tea]
const { spawn } = require("node:child_process");
const path = require("node:path");
const cli = path.join(__dirname, "..", "client_cli.py");
const bot = spawn(process.env.PYTHON || "python3", [cli, "bot", "-n", "counter", ...process.argv.slice(2)],
  { stdio: ["pipe", "pipe", "inherit"] });
require("node:readline").createInterface({ input: bot.stdout }).on("line", (line) => {
  const event = JSON.parse(line);
  if (event.type !== "message" || !event.text.startsWith("!count ")) return;
  const text = `${event.nick}: ${event.text.split(/\s+/).length - 1} words`;
  bot.stdin.write(JSON.stringify({ type: "say", room: event.room, text }) + "\n");
});
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => bot.kill(name));
bot.on("exit", (code) => process.exit(code ?? 1));
