// Justified rows: tiles of one height side by side, as wide as the gallery. Numbers only, no elements.

/**
 * @typedef {object} Row
 * @property {number} first The index of its first tile.
 * @property {number} count
 * @property {number} top
 * @property {number} height
 *
 * @typedef {object} Space
 * @property {number} width
 * @property {number} target The height that rows should have.
 * @property {number} gap
 */

/** A row that is not full may become this much higher to fill the width; beyond that, it stays short. */
const STRETCH = 1.5;

/**
 * Cut tiles into rows, in their order. Each row's height lies as near as possible to the target.
 *
 * @param {readonly number[]} ratios Width by height of each tile.
 * @param {Space} space
 * @param {ReadonlySet<number>} starts Tiles that must begin a row, so that what is being looked at stays together.
 * @returns {Row[]}
 */
export function justify(ratios, { width, target, gap }, starts = new Set()) {
	/** @type {Row[]} */
	const rows = [];
	let first = 0;
	let sum = 0;
	let top = 0;
	/** @param {number} end @param {number} ratio The sum of the row's ratios. */
	const close = (end, ratio) => {
		const full = (width - gap * (end - first - 1)) / ratio;
		const height = full > target * STRETCH ? target : full;
		rows.push({ first, count: end - first, top, height });
		top += height + gap;
		first = end;
	};
	ratios.forEach((ratio, index) => {
		if (index > first && starts.has(index)) {
			close(index, sum);
			sum = 0;
		}
		const [before, after] = [sum, sum + ratio];
		const heightAfter = (width - gap * (index - first)) / after;
		if (heightAfter > target) {
			sum = after;
			return;
		}
		const heightBefore = before ? (width - gap * (index - first - 1)) / before : Infinity;
		if (heightBefore / target < target / heightAfter) {
			close(index, before);
			sum = ratio;
			// One wide tile may fill a row of its own.
			if (width / ratio > target) return;
			close(index + 1, ratio);
		} else close(index + 1, after);
		sum = 0;
	});
	if (first < ratios.length) close(ratios.length, sum);
	return rows;
}

/**
 * Return the rows that reach into a band, as the first and the one after the last.
 *
 * @param {readonly Row[]} rows
 * @param {number} from
 * @param {number} to
 * @returns {[first: number, end: number]}
 */
export function rowsBetween(rows, from, to) {
	const first = firstWhere(rows, ({ top, height }) => top + height >= from);
	return [first, Math.max(first, firstWhere(rows, ({ top }) => top > to))];
}

/**
 * @param {readonly Row[]} rows
 * @param {number} index Of a tile.
 */
export function rowOf(rows, index) {
	return firstWhere(rows, ({ first, count }) => first + count > index);
}

/**
 * Return the index of the first row that is so; those after it are, too.
 *
 * @param {readonly Row[]} rows
 * @param {(row: Row) => boolean} isSo
 */
function firstWhere(rows, isSo) {
	let [low, high] = [0, rows.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (isSo(rows[middle])) high = middle;
		else low = middle + 1;
	}
	return low;
}

/**
 * Return where the tiles of a row begin, from the left, and after them where it ends.
 *
 * @param {Row} row
 * @param {readonly number[]} ratios
 * @param {number} gap
 */
export function leftsOf({ first, count, height }, ratios, gap) {
	const lefts = [0];
	for (let index = first; index < first + count; index++) lefts.push(lefts[lefts.length - 1] + ratios[index] * height + gap);
	return lefts;
}

/**
 * Return the tile that an arrow key leads to; at the edge, the tile itself.
 *
 * @param {readonly Row[]} rows
 * @param {readonly number[]} ratios
 * @param {number} gap
 * @param {number} index
 * @param {string} key
 */
export function towards(rows, ratios, gap, index, key) {
	if (key === "ArrowLeft") return Math.max(0, index - 1);
	if (key === "ArrowRight") return Math.min(ratios.length - 1, index + 1);
	const place = rowOf(rows, index);
	const other = rows[place + (key === "ArrowUp" ? -1 : 1)];
	if (!other) return index;
	const centre = centreOf(rows[place], ratios, gap, index);
	let nearest = other.first;
	for (let there = other.first; there < other.first + other.count; there++) {
		if (Math.abs(centreOf(other, ratios, gap, there) - centre) < Math.abs(centreOf(other, ratios, gap, nearest) - centre)) nearest = there;
	}
	return nearest;
}

/**
 * @param {Row} row
 * @param {readonly number[]} ratios
 * @param {number} gap
 * @param {number} index
 */
function centreOf(row, ratios, gap, index) {
	return leftsOf(row, ratios, gap)[index - row.first] + (ratios[index] * row.height) / 2;
}
