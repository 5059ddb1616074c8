import assert from "node:assert/strict";
import { test } from "node:test";

import { vocabulary } from "../../api/web/workspace/core/vocabulary.js";
import { GROUPS, canCancel, canRetry, groupOf, isFinal, statusLook } from "../../api/web/workspace/jobs/statuses.js";

test("each status of the server has a shape of its own tone, and stands in one filter", () => {
	for (const { status, word } of vocabulary.statuses) {
		assert.equal(statusLook(status).word, word);
		assert.notEqual(statusLook(status).icon, "info", `${status} has no look`);
		assert.equal(GROUPS.filter(({ statuses }) => statuses.includes(status)).length, 1, status);
	}
});

test("no filter but the one for all is empty", () => {
	assert.deepEqual(GROUPS.filter(({ statuses }) => !statuses.length).map(({ id }) => id), ["all"]);
	assert.equal(groupOf("nothing"), GROUPS[0]);
});

test("a status of a newer server is shown by its own word, and is not taken for an end", () => {
	assert.deepEqual(statusLook("resting"), { word: "resting", icon: "info", tone: "quiet" });
	assert.equal(isFinal({ status: "resting" }), false);
	assert.equal(isFinal({ status: "expired" }), true);
});

test("what can be done is what the server gives a link to", () => {
	const job = { status: "queued", links: { self: "/", cancel: "/c", retry: null } };
	assert.equal(canCancel(job), true);
	assert.equal(canRetry(job), false);
	assert.equal(canCancel({ ...job, status: "cancelling" }), false);
});
