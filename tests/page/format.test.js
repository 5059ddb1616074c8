import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { age, count, duration, jobName, short, usd, usdToTheCent } from "../../api/web/workspace/core/format.js";

const CASES = JSON.parse(readFileSync(new URL("../data/formats.json", import.meta.url), "utf8"));

test("durations and money read as the server tells them", () => {
	for (const { seconds, text } of CASES.duration) assert.equal(duration(seconds), text, `${seconds} s`);
	for (const { usd: amount, text } of CASES.money) assert.equal(usd(amount), text, `${amount} USD`);
});

test("what is not known is no number", () => {
	for (const unknown of [null, undefined, NaN, Infinity]) {
		assert.equal(duration(unknown), "–");
		assert.equal(usd(unknown), "unknown");
	}
});

test("an age is brief, and the same for what is to come", () => {
	assert.deepEqual([0, 2.9, 3, 59.9, 60, 3599, 3600, 86399, 86400].map(age), ["now", "now", "3s", "59s", "1m", "59m", "1h", "23h", "1d"]);
	assert.equal(age(-61), "1m");
});

test("one is one, and many are many", () => {
	assert.equal(count(1, "job"), "1 job");
	assert.equal(count(0, "job"), "0 jobs");
});

test("a job is called by its prompt, else by the end of its id", () => {
	const long = "a".repeat(60);
	assert.equal(jobName({ jobId: "0190-abcdef", prompt: null, originalPrompt: null }), "job abcdef");
	assert.equal(jobName({ jobId: "x", prompt: null, originalPrompt: " A fox " }), "“A fox”");
	assert.equal(jobName({ jobId: "x", prompt: long, originalPrompt: "A fox" }), `“${short(long)}”`);
	assert.equal(short(long).length, 48);
});

test("money at the head of the page is read to the cent, and what is spent is never nothing", () => {
	assert.deepEqual([0, 0.003, 0.0051, 0.096409, 0.999, 1.006, 1234.5].map(usdToTheCent), ["$0.00", "< $0.01", "$0.01", "$0.10", "$1.00", "$1.01", "$1,234.50"]);
});
