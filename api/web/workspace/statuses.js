// A job's statuses as people see them: a word, a shape, a tone, and the group a filter puts them in.

const STATUSES = {
	queued: ["Queued", "clock", "wait"],
	prompting: ["Writing", "pen", "work"],
	dispatching: ["Submitting", "send", "wait"],
	submit_unknown: ["Unclear", "question", "attention"],
	generating: ["Generating", "ring", "work"],
	cancelling: ["Cancelling", "slash", "quiet"],
	completed: ["Done", "check", "good"],
	failed: ["Failed", "cross", "bad"],
	cancelled: ["Cancelled", "slash", "quiet"],
	expired: ["Expired", "hourglass", "bad"],
	terminated: ["Ended", "square", "bad"],
};

const FINAL = new Set(["completed", "failed", "cancelled", "expired", "terminated"]);

// The filters: id, name, statuses (empty: all); each looks like the first of them.
export const GROUPS = [
	{ id: "all", name: "All", statuses: [] },
	{ id: "waiting", name: "Waiting", statuses: ["queued", "dispatching"] },
	{ id: "writing", name: "Writing", statuses: ["prompting"] },
	{ id: "generating", name: "Generating", statuses: ["generating"] },
	{ id: "unclear", name: "Needs you", statuses: ["submit_unknown"] },
	{ id: "done", name: "Done", statuses: ["completed"] },
	{ id: "failed", name: "Failed", statuses: ["failed", "expired", "terminated"] },
	{ id: "cancelled", name: "Cancelled", statuses: ["cancelled", "cancelling"] },
];

// Return `{word, icon, tone}`; a status of a newer server is shown by its own word.
export function statusLook(status) {
	const [word, icon, tone] = STATUSES[status] ?? [status, "info", "quiet"];
	return { word, icon, tone };
}

export function isFinal(job) {
	return FINAL.has(job.status);
}

export function canCancel(job) {
	return job.links?.cancel && job.status !== "cancelling";
}

export function canRetry(job) {
	return job.links?.retry;
}

export function groupOf(id) {
	return GROUPS.find((group) => group.id === id) ?? GROUPS[0];
}
