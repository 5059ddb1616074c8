import assert from "node:assert/strict";
import { test } from "node:test";

import { pictureAddress } from "../../api/web/workspace/continue/picture.js";

const SOON = new Date(Date.now() + 60_000).toISOString();
const LATER = new Date(Date.now() + 86_400_000).toISOString();
const URL_THERE = "https://a.example/1.png";
const STORED = { url: "/api/jobs/1/outputs/0/file", name: "fox-7.png", contentType: "image/png" };

const uploaded = [];
globalThis.XMLHttpRequest = class {
	upload = {};
	open(_method, path) {
		this.path = path;
	}
	setRequestHeader() {}
	send(form) {
		uploaded.push([this.path, form.get("file").name, form.get("file").type, form.get("file").size]);
		Object.assign(this, { status: 201, response: { url: "https://a.example/anew.png" } });
		this.onload();
	}
};

test("while WaveSpeed has a picture, its address there is used", async () => {
	assert.equal(await pictureAddress({}, { url: URL_THERE, expiresAt: LATER, stored: STORED }), URL_THERE);
	assert.equal(await pictureAddress({}, { url: URL_THERE, expiresAt: null, stored: null }), URL_THERE);
	assert.deepEqual(uploaded, []);
});

test("one that is about to go is uploaded anew from our own copy", async () => {
	globalThis.fetch = async (path) => ({ ok: path === STORED.url, blob: async () => new Blob(["12345"]) });
	assert.equal(await pictureAddress({}, { url: URL_THERE, expiresAt: SOON, stored: STORED }), "https://a.example/anew.png");
	assert.deepEqual(uploaded, [["/api/uploads", "fox-7.png", "image/png", 5]]);
});

test("one that is gone, and not stored, is told to be gone", async () => {
	await assert.rejects(pictureAddress({}, { url: URL_THERE, expiresAt: SOON, stored: null }), /not stored here/);
	globalThis.fetch = async () => ({ ok: false, status: 410 });
	await assert.rejects(pictureAddress({}, { url: null, expiresAt: null, stored: STORED }), { status: 410 });
});
