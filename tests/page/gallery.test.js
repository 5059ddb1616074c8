import assert from "node:assert/strict";
import { test } from "node:test";

import { fileOf, previewOf, thumbnailOf } from "../../api/web/workspace/core/media.js";
import { justify, leftsOf, rowOf, rowsBetween, towards } from "../../api/web/workspace/gallery/layout.js";
import { shareOf } from "../../api/web/workspace/gallery/progress.js";
import { Selection } from "../../api/web/workspace/gallery/selection.js";
import { requestedRatio, tileName, tileRatio, tilesOf } from "../../api/web/workspace/gallery/tiles.js";

const SPACE = { width: 1000, target: 200, gap: 10 };
const RATIOS = [1, 1.5, 0.66, 1.78, 1, 0.56, 2.4, 1, 1.5, 1, 0.75, 1.33];
const many = (number) => Array.from({ length: number }, (_, index) => RATIOS[(index * 7) % RATIOS.length]);
const widthOf = (row, ratios) => leftsOf(row, ratios, SPACE.gap).at(-1) - SPACE.gap;

test("rows hold every tile once, in order, and fill the width at nearly the height that was asked for", () => {
	const ratios = many(500);
	const rows = justify(ratios, SPACE);
	assert.deepEqual(rows.flatMap(({ first, count }) => Array.from({ length: count }, (_, index) => first + index)), ratios.map((_, index) => index));
	for (const row of rows.slice(0, -1)) {
		assert.ok(Math.abs(widthOf(row, ratios) - SPACE.width) < 0.01, JSON.stringify(row));
		assert.ok(row.height > SPACE.target * 0.65 && row.height < SPACE.target * 1.5, JSON.stringify(row));
	}
	for (const [index, row] of rows.slice(1).entries()) assert.ok(Math.abs(row.top - (rows[index].top + rows[index].height + SPACE.gap)) < 1e-6);
});

test("a row that is not full keeps the height, and one wide tile never leaves its row", () => {
	assert.deepEqual(justify([1], SPACE), [{ first: 0, count: 1, top: 0, height: 200 }]);
	assert.deepEqual(justify([], SPACE), []);
	const narrow = { ...SPACE, width: 300 };
	const rows = justify([2.4, 2.4, 0.5], narrow);
	assert.deepEqual(rows.map(({ count }) => count), [1, 1, 1]);
	assert.equal(rows[0].height, 125);
});

test("tiles that must begin a row do, so what is looked at stays together when tiles come before it", () => {
	const before = many(60);
	const rows = justify(before, SPACE);
	const seen = rows.slice(3, 6);
	const after = [1, 1.5, ...before];
	const again = justify(after, SPACE, new Set(seen.map(({ first }) => first + 2)));
	for (const { first, count, height } of seen.slice(0, -1)) {
		const now = again[rowOf(again, first + 2)];
		assert.deepEqual([now.first, now.count, now.height], [first + 2, count, height]);
	}
});

test("only the rows that reach into the window are found, wherever it is", () => {
	const rows = justify(many(10000), SPACE);
	for (const from of [-500, 0, 4321, rows.at(-1).top + 100]) {
		const expected = rows.filter(({ top, height }) => top + height >= from && top <= from + 900);
		const [first, end] = rowsBetween(rows, from, from + 900);
		assert.deepEqual(rows.slice(first, end), expected);
		assert.ok(expected.length < 8);
	}
});

test("arrows lead to the neighbour, and to the nearest tile of the row above or below", () => {
	const ratios = many(40);
	const rows = justify(ratios, SPACE);
	const go = (index, key) => towards(rows, ratios, SPACE.gap, index, key);
	assert.deepEqual([go(0, "ArrowLeft"), go(0, "ArrowRight"), go(0, "ArrowUp"), go(39, "ArrowRight"), go(39, "ArrowDown")], [0, 1, 0, 39, 39]);
	for (let index = rows[1].first; index < rows[2].first; index++) {
		const middle = (place) => leftsOf(rows[rowOf(rows, place)], ratios, SPACE.gap)[place - rows[rowOf(rows, place)].first] + (ratios[place] * rows[rowOf(rows, place)].height) / 2;
		const below = go(index, "ArrowDown");
		assert.equal(rowOf(rows, below), 2);
		const distances = Array.from({ length: rows[2].count }, (_, more) => Math.abs(middle(rows[2].first + more) - middle(index)));
		assert.equal(Math.abs(middle(below) - middle(index)), Math.min(...distances));
	}
});

const job = (more) => ({ jobId: "01a20997-9ee3-71b9-aedb-54303a7c18ab", prompt: "A fox", status: "completed", kind: "image", input: {}, outputs: [], kept: null, ...more });
const output = (more) => ({ index: 0, kind: "image", url: "https://cdn.example.com/0.png", ...more });
const copy = (more) => ({ state: "stored", url: "/api/jobs/1/outputs/0/file", thumbnailUrl: "/api/jobs/1/outputs/0/thumbnail", posterUrl: null, previewUrl: null, width: 1200, height: 800, ...more });

test("each output is a tile, and a job without any is one that its first output takes over", () => {
	const open = job({ status: "generating" });
	const done = job({ outputs: [output({}), output({ index: 1 })] });
	assert.deepEqual(tilesOf([open]).map(({ key }) => key), [`${open.jobId}.0`]);
	assert.deepEqual(tilesOf([done]).map(({ key }) => key), [`${open.jobId}.0`, `${open.jobId}.1`]);
	assert.equal(tilesOf([done])[0], tilesOf([done])[0]);
	assert.equal(tileName(tilesOf([job({ kept: true, outputs: done.outputs })])[1]), "“A fox”, image, 2 of 2, liked");
	assert.equal(tileName(tilesOf([open])[0]), "“A fox”, Generating");
});

test("a tile's ratio is the stored picture's, else what was seen or asked for, else a square", () => {
	const ratio = (given, learned = new Map()) => tileRatio(tilesOf([job(given)])[0], learned);
	assert.equal(ratio({ outputs: [output({ stored: copy({}) })], input: { size: "512*512" } }), 1.5);
	assert.equal(ratio({ outputs: [output({})], input: { size: "832*1216" } }).toFixed(3), "0.684");
	assert.equal(ratio({ outputs: [output({})], input: {} }), 1);
	assert.equal(ratio({ outputs: [output({})], input: {} }, new Map([[`${job({}).jobId}.0`, 1.25]])), 1.25);
	assert.equal(ratio({ outputs: [output({ kind: "video" })], kind: "video" }).toFixed(2), "1.78");
	assert.equal(ratio({ outputs: [output({})], input: { aspect_ratio: "21:9" } }).toFixed(2), "2.33");
	assert.equal(ratio({ outputs: [output({})], input: { size: "4096*256" } }), 2.4);
	assert.deepEqual([{ size: "auto" }, { size: "0*0" }, { width: 100 }, { size: { width: 1 } }].map((input) => requestedRatio({ input })), [null, null, null, null]);
	assert.equal(requestedRatio({ input: { width: 300, height: 200 } }), 1.5);
});

test("what we have stored is shown, small where it is small; without it, WaveSpeed's file", () => {
	const at = (path) => `http://127.0.0.1:3000/api/jobs/1/outputs/0/${path}`;
	const stored = output({ stored: copy({}) });
	assert.deepEqual([thumbnailOf(stored), fileOf(stored)], [at("thumbnail"), at("file")]);
	const video = output({ kind: "video", stored: copy({ thumbnailUrl: null, posterUrl: "/api/jobs/1/outputs/0/poster", previewUrl: "/api/jobs/1/outputs/0/preview" }) });
	assert.deepEqual([thumbnailOf(video), previewOf(video)], [at("poster"), at("preview")]);
	for (const state of ["waiting", "failed", "removed"]) {
		const without = output({ stored: copy({ state, url: null, thumbnailUrl: null }) });
		assert.deepEqual([thumbnailOf(without), fileOf(without)], [without.url, without.url]);
	}
	assert.equal(thumbnailOf(output({ kind: "video" })), null);
	assert.equal(fileOf(output({ url: "javascript:alert(1)" })), null);
});

test("a range is selected from the last one, without jobs that have no output", () => {
	const tiles = [1, 2, 3, 4].map((number) => ({ key: `k${number}`, job: job({}), output: number === 3 ? null : output({}) }));
	const selection = new Selection();
	selection.extend(tiles, tiles[1]);
	assert.deepEqual([...selection.tiles.keys()], ["k2"]);
	selection.extend(tiles, tiles[3]);
	assert.deepEqual([...selection.tiles.keys()], ["k2", "k4"]);
	selection.toggle(tiles[3]);
	selection.toggle(tiles[2]);
	assert.deepEqual([...selection.tiles.keys()], ["k2"]);
	selection.renew(new Map());
	assert.equal(selection.open, false);
});

test("progress follows the estimate and never claims to be at its end", () => {
	assert.deepEqual([shareOf(0, 10), shareOf(5, 10), shareOf(30, 10), shareOf(-2, 10), shareOf(1, 0)], [0, 0.5, 0.95, 0, 0.95]);
});
