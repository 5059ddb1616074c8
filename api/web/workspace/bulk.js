// Cancel or retry all that a filter shows; count and cost are named first.

import { confirm } from "./dialogs.js";
import { button, on, setText } from "./dom.js";
import { count, usd } from "./format.js";
import { announce, notify, tellProblem } from "./notices.js";
import { canCancel, canRetry, groupOf } from "./statuses.js";

const MOST = 1000;
const AT_ONCE = 4;

const ACTS = {
	cancel: {
		fits: canCancel,
		verb: "Cancel",
		done: "cancelled",
		run: (api, job) => api.delete(`/api/jobs/${job.jobId}`),
		cost: paid,
	},
	retry: {
		fits: (job) => canRetry(job) && job.status !== "completed",
		verb: "Retry",
		done: "queued again",
		run: (api, job) => api.post(`/api/jobs/${job.jobId}/retry`),
		cost: price,
	},
};

export class Bulk {
	constructor({ api, book, element }) {
		Object.assign(this, { api, book });
		this.buttons = Object.fromEntries(Object.keys(ACTS).map((name) => [name, this.button(name)]));
		element.append(this.buttons.cancel, this.buttons.retry);
		on(book, "list", () => this.show());
	}

	show() {
		const jobs = this.book.shown();
		for (const [name, act] of Object.entries(ACTS)) {
			const number = jobs.filter(act.fits).length;
			const more = this.book.cursor ? "+" : "";
			this.buttons[name].hidden = !number || (name === "retry" && !this.book.filtered);
			setText(this.buttons[name], `${act.verb} ${number}${more}…`);
		}
	}

	async start(name) {
		const act = ACTS[name];
		if (this.busy) return;
		// Not disabled: a disabled button loses the focus, which comes back to it from the question.
		this.busy = true;
		try {
			const jobs = await this.book.readAll(act.fits, MOST);
			if (jobs.length && (await this.confirm(act, jobs))) await this.run(act, jobs);
		} catch (problem) {
			tellProblem("The jobs could not be read.", problem);
		} finally {
			this.busy = false;
		}
	}

	confirm(act, jobs) {
		const where = [groupOf(this.book.group).name, this.book.search && `matching “${this.book.search}”`].filter(Boolean).join(", ");
		const more = jobs.length === MOST ? ` These are the newest ${MOST}; there are more.` : "";
		const what = `${act.verb} ${count(jobs.length, "job")}`;
		return confirm(`${what}?`, [`The filter shows: ${where}.${more}`, act.cost(jobs)], what);
	}

	async run(act, jobs) {
		const waiting = [...jobs];
		const refused = [];
		const work = async () => {
			for (let job = waiting.shift(); job; job = waiting.shift()) {
				try {
					this.book.put(await act.run(this.api, job));
				} catch (problem) {
					refused.push(problem);
					// Nobody answers: the others would fare no better.
					if (problem.status === 0 || problem.status === 503) waiting.length = 0;
				}
			}
		};
		announce(`${act.verb}: ${count(jobs.length, "job")}.`);
		await Promise.all(Array.from({ length: AT_ONCE }, work));
		const done = jobs.length - refused.length - waiting.length;
		notify(`${count(done, "job")} ${act.done}.`);
		if (refused.length) tellProblem(`${count(refused.length, "job")} refused, the first one because:`, refused[0]);
	}

	button(name) {
		return button("is-small", () => this.start(name), { hidden: true });
	}
}

function paid(jobs) {
	const billed = jobs.filter((job) => job.billed === "yes");
	if (!billed.length) return "Nothing is paid for them so far.";
	return `${count(billed.length, "job")} of them ${billed.length === 1 ? "is" : "are"} with WaveSpeed and paid: ${sum(billed)}. That stays billed.`;
}

function price(jobs) {
	return `New jobs are made from the same requests and paid anew: ${sum(jobs)}. Jobs that may still be billed are left out.`;
}

function sum(jobs) {
	const known = jobs.filter((job) => job.mediaCostUsd !== null);
	const total = known.reduce((value, job) => value + job.mediaCostUsd, 0);
	const unknown = jobs.length - known.length;
	if (!known.length) return `the price is not known`;
	return `about ${usd(total)}${unknown ? `, and ${count(unknown, "job")} whose price is not known` : ""}`;
}
