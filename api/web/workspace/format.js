// Durations, times, money and commands as text.

// Return seconds in the unit people would say: `3.2 s`, `45 s`, `12 min`, `3 h 5 min`, `2 d`.
export function duration(seconds) {
	if (!Number.isFinite(seconds)) return "–";
	const value = Math.max(0, seconds);
	if (value < 9.95) return `${+value.toFixed(1)} s`;
	if (value < 90) return `${Math.round(value)} s`;
	const minutes = Math.round(value / 60);
	if (minutes < 90) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
	return `${Math.round(hours / 24)} d`;
}

// Return how long ago or how far ahead a time is, briefly: `now`, `12s`, `5m`, `3h`, `2d`.
export function age(seconds) {
	const value = Math.abs(seconds);
	if (value < 3) return "now";
	const [size, unit] = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]].find(([least]) => value >= least);
	return `${Math.floor(value / size)}${unit}`;
}

export function exactTime(text) {
	return new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

export function clockTime(text) {
	return new Date(text).toLocaleTimeString(undefined, { timeStyle: "medium" });
}

// Return money with two places at least and six at most; unknown is never 0.
export function usd(amount) {
	if (!Number.isFinite(amount)) return "not known";
	const [whole, places] = amount.toFixed(6).split(".");
	return `$${whole}.${places.replace(/0+$/, "").padEnd(2, "0")}`;
}

export function count(number, noun) {
	return `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;
}

export function curlOf(job) {
	const body = { model: job.model, input: job.input, prompt: (job.prompt ?? job.originalPrompt) || undefined };
	if (job.priority !== 5) body.priority = job.priority;
	if (Object.keys(job.metadata).length) body.metadata = job.metadata;
	const json = JSON.stringify(body).replaceAll("'", "'\\''");
	return `curl -sS ${location.origin}/api/jobs/create -H 'Content-Type: application/json' -d '${json}'`;
}

export function jobName(job) {
	const text = (job.prompt ?? job.originalPrompt ?? "").trim();
	return text ? `“${short(text)}”` : `job ${job.jobId.slice(-6)}`;
}

export function short(text) {
	return text.length > 48 ? `${text.slice(0, 47)}…` : text;
}
