import assert from "node:assert/strict";
import { test } from "node:test";

import { viewIn, viewLink } from "../../api/web/workspace/viewer/link.js";
import { inputMedium, inputPicturesOf, mediumOf } from "../../api/web/workspace/viewer/medium.js";
import { actualZoom, fit, FITTED, offsetOf, panBy, zoomAt } from "../../api/web/workspace/viewer/zoom.js";

const STAGE = { width: 1000, height: 500 };
const PICTURE = { width: 2000, height: 2000 };
const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

/** Where a part of the picture stands on the stage, from its middle. */
function placeOf(position, part, natural = PICTURE) {
	const fitted = fit(natural, STAGE);
	const offset = offsetOf(position, fitted);
	return { x: offset.x + (part.x - 0.5) * fitted.width * position.zoom, y: offset.y + (part.y - 0.5) * fitted.height * position.zoom };
}

test("what is pointed at stays under the pointer while it is enlarged", () => {
	const close = zoomAt(FITTED, 4, { x: 0, y: 0 }, PICTURE, STAGE);
	const point = { x: 120, y: -80 };
	const fitted = fit(PICTURE, STAGE);
	const part = { x: close.x + point.x / (fitted.width * close.zoom), y: close.y + point.y / (fitted.height * close.zoom) };
	for (const factor of [1.1, 1.9]) {
		const there = placeOf(zoomAt(close, factor, point, PICTURE, STAGE), part);
		near(there.x, point.x);
		near(there.y, point.y);
	}
});

test("zooming ends at eight screen pixels for one of the picture, and where the picture fits", () => {
	assert.equal(actualZoom(PICTURE, STAGE), 4);
	assert.equal(zoomAt(FITTED, 1000, { x: 0, y: 0 }, PICTURE, STAGE).zoom, 32);
	assert.deepEqual(zoomAt({ zoom: 3, x: 0.9, y: 0.1 }, 0.001, { x: 0, y: 0 }, PICTURE, STAGE), FITTED);
	const small = { width: 100, height: 100 };
	assert.equal(zoomAt(FITTED, 0.001, { x: 0, y: 0 }, small, STAGE).zoom, 0.2);
});

test("a picture is moved no further than its edge, and not at all where it is smaller than the stage", () => {
	assert.deepEqual(panBy(FITTED, { x: 300, y: 300 }, PICTURE, STAGE), FITTED);
	const close = zoomAt(FITTED, 4, { x: 0, y: 0 }, PICTURE, STAGE);
	const left = panBy(close, { x: 1e6, y: 0 }, PICTURE, STAGE);
	near(placeOf(left, { x: 0, y: 0 }).x, -STAGE.width / 2);
	const moved = panBy(close, { x: -10, y: 25 }, PICTURE, STAGE);
	const [before, after] = [placeOf(close, { x: 0.5, y: 0.5 }), placeOf(moved, { x: 0.5, y: 0.5 })];
	near(after.x - before.x, -10);
	near(after.y - before.y, 25);
});

test("two pictures of one shape and different sizes show the same part at one position", () => {
	const half = { width: 1000, height: 1000 };
	const position = zoomAt(FITTED, 3, { x: 50, y: 20 }, PICTURE, STAGE);
	const part = { x: 0.25, y: 0.75 };
	assert.deepEqual(placeOf(position, part), placeOf(position, part, half));
});

const JOB = "01a20997-9ee3-71b9-aedb-54303a7c18ab";
const OTHER = "01a20997-9ee3-71b9-aedb-54303a7c18ac";

test("the viewer's address says all that it shows, and nothing else is one", () => {
	const views = [
		{ jobId: JOB, index: 0, other: null, slider: false },
		{ jobId: JOB, index: 12, other: { jobId: OTHER, index: 3 }, slider: true },
		{ jobId: JOB, index: 1, other: { input: 0 }, slider: false },
	];
	for (const view of views) assert.deepEqual(viewIn(viewLink(view)), view);
	assert.equal(viewLink({ jobId: JOB, index: 2 }), `#view=${JOB}.2`);
	for (const hash of ["", `#job=${JOB}`, `#view=${JOB}`, "#view=x.0", `#view=${JOB}.0&with=`, `#view=${JOB}.0"><script>`]) assert.equal(viewIn(hash), null);
});

test("the pictures that a job was given are found once each, whatever the model calls them", () => {
	const given = { jobId: JOB, targetUrl: "https://a.example/t.png", refUrls: ["https://a.example/r.png"], input: { image: "https://a.example/t.png", images: ["https://a.example/r.png", "https://a.example/2.png"], last_image: "https://a.example/l.png", video: "https://a.example/v.mp4", image_size: "1024*1024", mask_image: 5, image_url: "javascript:alert(1)" } };
	assert.deepEqual(inputPicturesOf({ ...given, input: {} }), ["https://a.example/t.png", "https://a.example/r.png"]);
	const found = inputPicturesOf(given);
	assert.deepEqual(found, ["https://a.example/t.png", "https://a.example/r.png", "https://a.example/2.png", "https://a.example/l.png"]);
	assert.equal(inputMedium(given, 3)?.label, "Input 4 of 4");
	assert.equal(inputMedium(given, 4), null);
});

test("an output that is text, or of a kind that no browser shows, is shown as text", () => {
	const job = { jobId: JOB, outputs: [{}] };
	const medium = (output) => mediumOf(job, { index: 0, ...output });
	assert.deepEqual([medium({ kind: "text", text: "a" }).kind, medium({ kind: "text", text: "a" }).text], ["text", "a"]);
	assert.deepEqual([medium({ kind: "model", url: "https://a.example/x.glb" }).kind, medium({ kind: "model", url: "https://a.example/x.glb" }).text], ["text", "https://a.example/x.glb"]);
	const stored = { state: "stored", url: "/api/file", thumbnailUrl: null };
	assert.equal(medium({ kind: "image", url: "https://a.example/x.png", stored }).spare, "https://a.example/x.png");
	assert.equal(medium({ kind: "image", url: "https://a.example/x.png" }).spare, null);
	assert.equal(medium({ kind: "image", url: "https://a.example/x.png", nsfw: true }).covered, true);
});
