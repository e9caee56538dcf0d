import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { HttpSource, SourceError } from "../../otel_steps/viewer/static/source.js";

// A browser completes an address by the page's; Node has no page.
const bare = globalThis.fetch;
/** @type {{method: string, url: string, body: string}[]} */
const asked = [];
let answer = { status: 200, text: '{"data": {"ok": true}}' };
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    asked.push({ method: request.method, url: request.url, body });
    response.writeHead(answer.status, { "Content-Type": "application/json" }).end(answer.text);
  });
});

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const root = `http://127.0.0.1:${server.address().port}/`;
  globalThis.fetch = (path, init) => bare(root + path, init);
});
after(() => {
  server.close();
  server.closeAllConnections();
});

test("every answer is what the envelope holds", async () => {
  assert.deepEqual(await new HttpSource().statistics(), { ok: true });
});

test("every question stays below the page's address, wherever a proxy has it", async () => {
  const source = new HttpSource();
  asked.length = 0;
  await Promise.all([source.tasks({}), source.task("t"), source.statistics(), source.usage(), source.health()]);

  assert.deepEqual(asked.filter(({ url }) => url.startsWith("//")), []);
});

test("ids and texts stand in the path and the query as they are, whatever is in them", async () => {
  const source = new HttpSource();
  const id = "a/b?c#d 微信";
  asked.length = 0;
  await source.task(id);
  await source.step(id, "x&y");
  await source.search(id, "100% &q=1");
  await source.spans(id, "s/1");
  await source.compare(id, "b", ["1-2", "3-4"]);
  await source.runs(id);
  await source.waterfall(id);

  assert.deepEqual(asked.map(({ url }) => decodeURIComponent(url.replaceAll("+", " "))), [
    "/api/tasks/a/b?c#d 微信",
    "/api/tasks/a/b?c#d 微信/steps/x&y",
    "/api/tasks/a/b?c#d 微信/search?q=100% &q=1",
    "/api/tasks/a/b?c#d 微信/spans?step=s/1",
    "/api/compare?a=a/b?c#d 微信&b=b&pin=1-2&pin=3-4",
    "/api/tasks/a/b?c#d 微信/runs",
    "/api/tasks/a/b?c#d 微信/waterfall",
  ]);
  assert.ok(asked.every(({ url }) => !/[#? ].*[#? ]/.test(url)), "each is one path and at most one query");
});

test("notes are written as JSON", async () => {
  asked.length = 0;
  await new HttpSource().annotate("t", { tags: ["回归"], notes: "看第 3 步" });

  assert.equal(asked[0].method, "POST");
  assert.deepEqual(JSON.parse(asked[0].body), { tags: ["回归"], notes: "看第 3 步" });
});

test("an error carries what the server said and its status", async () => {
  answer = { status: 404, text: '{"error": {"code": "not_found", "message": "no task"}}' };

  await assert.rejects(new HttpSource().task("x"), (error) => {
    assert.ok(error instanceof SourceError);
    assert.deepEqual([error.status, error.code, error.message], [404, "not_found", "no task"]);
    return true;
  });
});

test("an answer that is no JSON is an error with its status", async () => {
  answer = { status: 500, text: "<html>" };

  await assert.rejects(new HttpSource().health(), { status: 500, message: "HTTP 500" });
});

/** Make the next requests fail, one by one. @param {(() => Promise<any>)[]} failures */
function failing(failures) {
  const whole = globalThis.fetch;
  globalThis.fetch = (path, init) => (failures.shift() ?? (() => whole(path, init)))();
}

const page = (status) => () => Promise.resolve(new Response("<html>", { status }));

for (const [name, failure, standing] of [
  ["does not answer", () => bare("http://127.0.0.1:1/"), "away"],
  ["is away from its proxy", page(503), "away"],
  ["does not know us any more", page(401), "denied"],
]) {
  test(`a question waits while the server ${name}`, async () => {
    answer = { status: 200, text: '{"data": {"ok": true}}' };
    const source = new HttpSource();
    const told = [];
    source.connection.watch(() => told.push(source.connection.standing));
    failing([failure, failure]);
    const waits = source.task("x");
    while (source.connection.pauses.size === 0) await new Promise(setImmediate);

    assert.equal(source.connection.standing, standing);
    source.connection.retry();
    while (source.connection.pauses.size === 0) await new Promise(setImmediate);
    source.connection.retry();

    assert.deepEqual(await waits, { ok: true });
    assert.deepEqual(told, [standing, "ok"]);
  });
}

test("an answer to one question has the others asked again, and only then all is well", async () => {
  const source = new HttpSource();
  failing([() => bare("http://127.0.0.1:1/")]);
  const waits = source.task("x");
  while (source.connection.pauses.size === 0) await new Promise(setImmediate);

  assert.deepEqual(await source.health(), { ok: true });
  assert.deepEqual(await waits, { ok: true });
  assert.equal(source.connection.standing, "ok");
});

test("what the store cannot tell is said, not waited for", async () => {
  answer = { status: 503, text: '{"error": {"code": "store_unavailable", "message": "no database"}}' };

  await assert.rejects(new HttpSource().task("x"), { status: 503, message: "no database" });
});

test("what is written is not written again by itself", async () => {
  failing([() => bare("http://127.0.0.1:1/")]);

  await assert.rejects(new HttpSource().annotate("t", { tags: [], notes: "" }), { status: 0, code: "unreachable" });
});

test("pictures and exports have addresses on this server", () => {
  const source = new HttpSource();

  assert.equal(source.imageUrl("ab", 120), "img/ab?w=120");
  assert.equal(source.imageUrl("ab"), "img/ab");
  assert.equal(source.exportUrl("a b", "otlp.json"), "api/tasks/a%20b/export.otlp.json");
});
