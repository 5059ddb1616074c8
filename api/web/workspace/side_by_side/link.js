// The address of what was queued together: `#group=<name>`, where the name stands in the jobs' metadata.

/** @import { Job } from "../../types/page.js" */

const START = "#group=";

/**
 * Return the address of a job's group; null if it was queued alone.
 *
 * @param {Pick<Job, "metadata">} job
 */
export function groupLink({ metadata }) {
	return metadata.group ? START + encodeURIComponent(metadata.group) : null;
}

/**
 * Return the group that an address asks for; null if it is another place's.
 *
 * @param {string} hash
 */
export function groupIn(hash) {
	if (!hash.startsWith(START)) return null;
	try {
		return decodeURIComponent(hash.slice(START.length)) || null;
	} catch {
		return null;
	}
}
