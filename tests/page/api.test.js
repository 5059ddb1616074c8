import assert from "node:assert/strict";
import { test } from "node:test";

import { noteSession } from "../../api/web/workspace/core/access.js";
import { Problem, address, asProblem, newKey } from "../../api/web/workspace/core/api.js";
import { curlOf } from "../../api/web/workspace/jobs/job_actions.js";

test("an address is its path with the parameters in it; what may change its meaning is escaped", () => {
	assert.equal(address("/api/models/{model}", { model: "vendor/na me?x#y/.." }), "/api/models/vendor/na%20me%3Fx%23y/..");
	assert.equal(address("/api/jobs", {}, new URLSearchParams({ q: "a&b" })), "/api/jobs?q=a%26b");
	assert.equal(address("/api/init", {}), "/api/init");
});

test("a problem speaks in the server's words, with the fields that are wrong", () => {
	const problem = new Problem(422, { title: "Not valid", detail: "Two fields", errors: [{ pointer: "/model", message: "Is missing." }, { pointer: "/refUrls/1", message: "No URL." }, { pointer: "", message: "Odd." }] });
	assert.equal(problem.sentence, "Not valid. Model: Is missing. Ref urls: No URL. Odd.");
	assert.equal(new Problem(500, {}).sentence, "HTTP 500");
	assert.deepEqual([0, 429, 503, 404, 422].map((status) => new Problem(status, {}).passing), [true, true, true, false, false]);
});

test("a fault of the page is not taken for a problem of the server", () => {
	assert.throws(() => asProblem(new TypeError("ours")), TypeError);
	const problem = new Problem(404, {});
	assert.equal(asProblem(problem), problem);
});

test("no two requests have one name", () => {
	assert.match(newKey(), /^[0-9a-f]{32}$/);
	assert.notEqual(newKey(), newKey());
});

test("a job as a command can be pasted into a shell, whatever its prompt says", () => {
	noteSession({ signedIn: true, signInRequired: false, owner: "team-b", scopes: ["admin"] });
	const job = { model: "a/b", input: {}, prompt: "it's $(here)", originalPrompt: null, priority: 5, metadata: {} };
	assert.equal(
		curlOf(job),
		`curl -sS http://127.0.0.1:3000/api/jobs/create -H 'Content-Type: application/json' -d '{"model":"a/b","input":{},"prompt":"it'\\''s $(here)"}'`,
	);
	assert.match(curlOf({ ...job, priority: 9, maxPriceUsd: 0.02, metadata: { a: "b" } }), /"priority":9,"maxPriceUsd":0.02,"metadata":\{"a":"b"\}/);
	noteSession({ signedIn: true, signInRequired: true, owner: "team-a", scopes: ["admin"] });
	const signedIn = curlOf(job);
	noteSession(null);
	assert.match(signedIn, / -H "Authorization: Bearer \$PROMPTMILL_KEY" -H 'Promptmill-Owner: team-b' -d /);
});
