import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { browserName, expiryIn, rolesWithin, stateOf } from "../../api/web/workspace/words/keys.js";
import { actingFor, isSameCaller, may, noteSession, personOf, reasonWithout } from "../../api/web/workspace/core/access.js";
import { Api, Problem } from "../../api/web/workspace/core/api.js";
import { roleOf } from "../../api/web/workspace/core/roles.js";
import { signInFailure } from "../../api/web/workspace/core/sign_in.js";
import { vocabulary } from "../../api/web/workspace/core/vocabulary.js";
import { canCancel, canRetry } from "../../api/web/workspace/jobs/statuses.js";

const ALL = vocabulary.roles.find(({ role }) => role === "admin").scopes;
const session = (scopes, more = {}) => ({ signedIn: true, signInRequired: true, owner: "team-a", scopes, actor: "key:1", keyName: "CI", ...more });

afterEach(() => noteSession(null));

test("until the server has said who calls, everything is offered; then only what they may do, and why not", () => {
	assert.equal(may("jobs:write"), true);
	assert.equal(reasonWithout("admin"), null);
	noteSession(session(["jobs:read"]));
	assert.equal(reasonWithout("jobs:read"), null);
	assert.match(reasonWithout("jobs:write"), /takes the scope jobs:write/);
	noteSession(session([]));
	assert.equal(may("jobs:read"), false);
	noteSession(session([], { signedIn: false }));
	assert.equal(may("jobs:read"), true);
});

test("a viewer is not offered to cancel or retry", () => {
	const job = { status: "queued", links: { cancel: "x", retry: "y" } };
	assert.deepEqual([canCancel(job), canRetry(job)], [true, true]);
	noteSession(session(["jobs:read"]));
	assert.deepEqual([canCancel(job), canRetry(job)], [false, false]);
});

test("only admins act for the owner in the URL, and nobody acts for themselves", () => {
	noteSession(session(["jobs:read", "jobs:write"]));
	assert.equal(actingFor(), null);
	noteSession(session(ALL));
	assert.equal(actingFor(), "team-b");
	noteSession(session(ALL, { owner: "team-b" }));
	assert.equal(actingFor(), null);
});

test("a role is named by exactly its scopes, in any order", () => {
	assert.equal(roleOf([...ALL].reverse()), "admin");
	assert.equal(roleOf(["jobs:write", "jobs:read"]), "member");
	assert.equal(roleOf(["jobs:write"]), null);
	assert.equal(roleOf(["jobs:read", "of:tomorrow"]), null);
});

test("a person whom a proxy has signed in is known by name, and nobody else is one", () => {
	assert.equal(personOf(session([], { actor: "sso:anna@example.com token", keyName: null })), "anna@example.com token");
	for (const actor of ["key:1", "session:2 key:1", "token", "local", null]) assert.equal(personOf(session([], { actor })), null);
	assert.equal(personOf(null), null);
});

test("another owner, or other scopes, is another caller", () => {
	assert.equal(isSameCaller(session(["jobs:read", "jobs:write"]), session(["jobs:write", "jobs:read"], { actor: "key:2" })), true);
	assert.equal(isSameCaller(session(["jobs:read"]), session(["jobs:read", "jobs:write"])), false);
	assert.equal(isSameCaller(session(ALL), session(ALL, { owner: "team-b" })), false);
});

test("each refusal of a key is told apart", () => {
	const told = [401, 429, 0, 503].map((status) => signInFailure(new Problem(status, {})));
	assert.equal(new Set(told).size, 4);
	assert.match(told[0], /not valid/);
	assert.match(told[1], /Wait a minute/);
	assert.equal(signInFailure(new Problem(422, { detail: "Too long." })), "Too long.");
});

test("what a key may not do is told in plain words", () => {
	const problem = new Problem(403, { code: "scope_missing", title: "Scope missing", detail: "This needs the scope admin; you have: jobs:read." });
	assert.equal(problem.sentence, "You may not do this. This needs the scope admin; you have: jobs:read.");
});

test("a key is usable until it is revoked or expires", () => {
	const now = Date.parse("2030-01-01T00:00:00Z");
	assert.equal(stateOf({ revokedAt: null, expiresAt: null }, now), "usable");
	assert.equal(stateOf({ revokedAt: null, expiresAt: "2030-01-01T00:00:01Z" }, now), "usable");
	assert.equal(stateOf({ revokedAt: null, expiresAt: "2030-01-01T00:00:00Z" }, now), "expired");
	assert.equal(stateOf({ revokedAt: "2029-01-01T00:00:00Z", expiresAt: "2029-02-01T00:00:00Z" }, now), "revoked");
	assert.equal(expiryIn("30", now), "2030-01-31T00:00:00.000Z");
	assert.equal(expiryIn("", now), null);
});

test("nobody is offered a role beyond their own", () => {
	const has = new Set(["admin", "jobs:read", "jobs:write"]);
	assert.deepEqual(rolesWithin((scope) => has.has(scope)), ["viewer", "member"]);
	assert.deepEqual(rolesWithin(() => true), vocabulary.roles.map(({ role }) => role));
});

test("a browser is known by what it calls itself", () => {
	const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36";
	assert.equal(browserName(chrome), "Chrome on Windows");
	assert.equal(browserName(`${chrome} Edg/129.0.0.0`), "Edge on Windows");
	assert.equal(browserName("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"), "Firefox on Linux");
	assert.equal(browserName("Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1"), "Safari on an iPhone");
	assert.equal(browserName("curl/8.9"), "curl/8.9");
	assert.equal(browserName(null), "Unknown browser");
});

test("one sign-in lets everything go on that was refused, with the owner that is acted for", async (context) => {
	noteSession(session(ALL));
	let signedIn = false;
	let asked = 0;
	const owners = [];
	context.mock.method(globalThis, "fetch", async (path, { headers }) => {
		owners.push([path, headers["Promptmill-Owner"]]);
		if (path === "/api/session") return new Response("{}", { status: 401 });
		return new Response(JSON.stringify({ path }), { status: signedIn ? 200 : 401 });
	});
	const api = new Api(async () => {
		asked += 1;
		await new Promise(setImmediate);
		signedIn = true;
	});

	assert.deepEqual(await Promise.all([api.get("/api/init"), api.get("/api/models")]), [{ path: "/api/init" }, { path: "/api/models" }]);
	assert.equal(asked, 1);
	await assert.rejects(api.post("/api/session", { body: { key: "wrong" } }), { status: 401 });
	assert.equal(asked, 1);
	assert.deepEqual(owners.at(-1), ["/api/session", undefined]);
	assert.deepEqual(owners[0], ["/api/init", "team-b"]);
});
