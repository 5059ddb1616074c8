import assert from "node:assert/strict";
import { test } from "node:test";

import { arrange, noteOrder, orderNow } from "../../api/web/workspace/kept/arrangement.js";

const tiles = ["a.0", "a.1", "b.0", "c.0"].map((key) => ({ key }));
const keys = (found) => found.map(({ key }) => key).join(" ");

test("a collection shows its outputs alone, in its order, as far as they are there", () => {
	noteOrder("sea", ["b.0", "a.1", "gone.0"]);
	assert.equal(keys(arrange(tiles, "sea")), "b.0 a.1");
	assert.equal(keys(tiles), "a.0 a.1 b.0 c.0", "what was given stays");
	assert.equal(arrange(tiles, ""), tiles);
	assert.equal(arrange(tiles, "hills"), tiles, "its order is not known yet");
	assert.deepEqual(orderNow(), ["b.0", "a.1", "gone.0"]);
});
