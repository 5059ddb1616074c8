import assert from "node:assert/strict";
import { test } from "node:test";

import { actionText, actorText, changeText } from "../../api/web/workspace/words/audit.js";
import { budgetName, budgetText, budgetTone } from "../../api/web/workspace/core/budget_bar.js";

const budget = (more = {}) => ({ owner: "team-a", period: "day", limitUsd: 10, spentUsd: 3, reservedUsd: 1, ...more });

test("a budget is told in words, and warns at 80 and 100 %", () => {
	assert.equal(budgetText(budget()), "$4.00 of $10.00, the daily budget of team-a");
	assert.equal(budgetName({ owner: "*", period: "total" }), "budget in all of the whole installation");
	assert.deepEqual([6.99, 7, 9, 20].map((spentUsd) => budgetTone(budget({ spentUsd }))), ["work", "attention", "bad", "bad"]);
	assert.equal(budgetTone(budget({ limitUsd: 0, spentUsd: 0, reservedUsd: 0 })), "bad");
});

test("the audit log names people and keys, and what a newer server calls an action", () => {
	const names = new Map([["3f9Kq2Lm", "Nightly"]]);
	assert.equal(actionText("budget.set"), "Set a budget");
	assert.equal(actionText("moon.paint"), "moon.paint");
	assert.equal(actorText("key:3f9Kq2Lm", names), "Nightly (pm_3f9Kq2Lm…)");
	assert.equal(actorText("session:1 key:3f9Kq2Lm", names), "Nightly (pm_3f9Kq2Lm…), in a browser");
	assert.equal(actorText("key:gone", names), "Key (pm_gone…)");
	assert.equal(actorText("session:1 token", names), "API token, in a browser");
	assert.equal(actorText("cli:anna", names), "anna, at the command line");
	assert.equal(actorText("sso:Anna", names), "Anna, signed in by the proxy");
	assert.equal(actorText("sso:my token", names), "my token, signed in by the proxy");
	assert.equal(actorText("sso:a key:3f9Kq2Lm", names), "a key:3f9Kq2Lm, signed in by the proxy");
	assert.equal(actorText("cli:token", names), "token, at the command line");
});

test("a change tells what was replaced; what is new, its value alone", () => {
	assert.equal(changeText({ limitUsd: 5 }, { limitUsd: 7.5 }), "limit: $5.00 → $7.50");
	assert.equal(changeText({ limitUsd: 5 }, null), "limit: $5.00 → none");
	assert.equal(changeText(null, { scopes: ["jobs:read", "admin"], expiresAt: null }), "scopes: jobs:read, admin");
	assert.equal(changeText({ status: "queued" }, { status: "queued", cancelledJob: "1" }), "status: queued; cancelled job: 1");
	assert.equal(changeText(null, { pausedBy: "sso:Anna", reason: "=1" }), "paused by: Anna, signed in by the proxy; reason: =1");
	assert.doesNotMatch(changeText(null, { pausedAt: "2026-11-27T16:47:01.747856+00:00" }), /T16|\+00/);
	assert.equal(changeText(null, null), "");
});
