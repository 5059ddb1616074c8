// Sizes of usual ratios, as large as a model's usual one and within its limits.

const RATIOS = [
	[1, 1],
	[4, 3],
	[3, 4],
	[3, 2],
	[2, 3],
	[16, 9],
	[9, 16],
];
/** Models want sides that are multiples of this. */
const STEP = 16;

/**
 * Return a size for each ratio, with its name. Sizes that the model suggests are taken as they are.
 *
 * @param {readonly string[]} suggested
 * @param {string} usual
 * @param {number | null} least The smallest side.
 * @param {number | null} most The largest side.
 */
export function sizesWithin(suggested, usual, least, most) {
	const [width, height] = sidesOf(usual) ?? sidesOf(suggested[0] ?? "") ?? [1024, 1024];
	const area = width * height;
	return RATIOS.flatMap(([wide, high]) => {
		const size = suggested.find((one) => isOf(one, wide, high)) ?? fitting(area, wide / high, least, most);
		return size ? [{ ratio: `${wide}:${high}`, size }] : [];
	});
}

/**
 * @param {number} area
 * @param {number} ratio
 * @param {number | null} least
 * @param {number | null} most
 */
function fitting(area, ratio, least, most) {
	const low = Math.ceil((least ?? STEP) / STEP) * STEP;
	const high = Math.floor((most ?? 8192) / STEP) * STEP;
	// The shorter side decides where the area would make it too short, the longer one where it would be too long.
	const scale = Math.min(high / Math.max(ratio, 1 / ratio, 1), Math.max(Math.sqrt(area / Math.max(ratio, 1 / ratio)), low));
	const short = Math.round(scale / STEP) * STEP;
	const long = Math.round((short * Math.max(ratio, 1 / ratio)) / STEP) * STEP;
	if (short < low || long > high) return null;
	return ratio >= 1 ? `${long}*${short}` : `${short}*${long}`;
}

/** @param {string} size */
function sidesOf(size) {
	const found = /^(\d+)\*(\d+)$/.exec(size);
	return found ? [Number(found[1]), Number(found[2])] : null;
}

/**
 * @param {string} size
 * @param {number} wide
 * @param {number} high
 */
function isOf(size, wide, high) {
	const sides = sidesOf(size);
	return sides !== null && Math.abs(sides[0] / sides[1] - wide / high) < 0.01;
}
