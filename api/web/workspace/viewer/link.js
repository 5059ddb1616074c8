// The viewer's address: `#view=<job>.<output>`, with what it is compared to.

/** @typedef {{ jobId: string, index: number }} Place One output. */
/** @typedef {Place & { other: Place | { input: number } | null, slider: boolean }} View */

const JOB = "[0-9a-f-]{36}";
const ADDRESS = new RegExp(`^#view=(${JOB})\\.(\\d{1,3})(?:&with=(?:(${JOB})|input)\\.(\\d{1,3}))?(&slider)?$`);

/**
 * Return what an output is known by, among all of them.
 *
 * @param {{ jobId: string }} job
 * @param {number} index
 */
export function keyOf({ jobId }, index) {
	return `${jobId}.${index}`;
}

/**
 * Return what an address asks the viewer to show; null if it is another place's.
 *
 * @param {string} hash
 * @returns {View | null}
 */
export function viewIn(hash) {
	const [found, jobId, index, otherId, number, slider] = ADDRESS.exec(hash) ?? [];
	if (!found) return null;
	const compared = otherId ? { jobId: otherId, index: Number(number) } : { input: Number(number) };
	return { jobId, index: Number(index), other: number === undefined ? null : compared, slider: slider !== undefined };
}

/**
 * @param {Place & Partial<View>} view
 */
export function viewLink({ jobId, index, other = null, slider = false }) {
	const compared = other && ("input" in other ? `input.${other.input}` : keyOf(other, other.index));
	return `#view=${keyOf({ jobId }, index)}${compared ? `&with=${compared}${slider ? "&slider" : ""}` : ""}`;
}
