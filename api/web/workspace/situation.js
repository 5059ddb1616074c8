// What the installation says of itself: stopped queues, drain, simulated providers. Told by banners.

import { byId, el, fill, setText } from "./dom.js";
import { age, exactTime } from "./format.js";
import { icon } from "./icons.js";
import { secondsSince } from "./clock.js";

const EVERY_SECONDS = 10;

/** The last report of `GET /api/init`, and the banners made from it. */
export class Situation {
	constructor({ api, onChange }) {
		Object.assign(this, { api, onChange });
		this.report = null;
		this.shown = "";
		setInterval(() => document.hidden || this.read(), EVERY_SECONDS * 1000);
		document.addEventListener("visibilitychange", () => document.hidden || this.read());
	}

	/** What the form must know: whether plain http is let through, the drain, whether Grok may be asked. */
	get now() {
		return {
			plainHttp: this.report?.flags.allowPrivateAddresses ?? false,
			drain: this.report?.drain ?? null,
			aiPrompts: this.report?.flags.aiPrompts,
		};
	}

	async read() {
		const found = await this.api.get("/api/init").catch(() => null);
		if (!found) return;
		this.report = found;
		const text = JSON.stringify([found.drain, found.submissionsHeld, found.problems, found.providers, found.flags, found.temporal.queues]);
		if (text === this.shown) return;
		this.shown = text;
		this.show();
		this.onChange();
	}

	show() {
		const { report } = this;
		const simulated = Object.entries(report.providers).filter(([, mode]) => mode === "simulated").map(([name]) => NAMES[name] ?? name);
		const mark = byId("simulated");
		mark.hidden = simulated.length === 0;
		setText(mark.querySelector("span"), simulated.length === 2 ? "Simulated providers" : `${simulated[0]} simulated`);
		mark.title = `${simulated.join(" and ")} ${simulated.length === 1 ? "is" : "are"} simulated on this machine: nothing is paid.`;
		setText(byId("version"), `Promptmill ${report.versions.promptmill}`);
		fill(byId("banners"), bannersOf(report).map(([tone, title, text]) => banner(tone, title, text)));
	}
}

const NAMES = { grok: "Grok", wavespeed: "WaveSpeed" };

function bannersOf(report) {
	const { drain, submissionsHeld: held, temporal, problems } = report;
	const banners = [];
	if (drain?.on) banners.push(["attention", "New jobs are not accepted.", `${told(drain)} Jobs that run go on.`]);
	if (held?.on) banners.push(["bad", "Submissions to WaveSpeed are stopped.", told(held)]);
	for (const queue of temporal.queues.filter((found) => found.stopped)) {
		const name = NAMES[queue.name.split("-").at(-1)] ?? queue.name;
		banners.push(["attention", `The queue to ${name} is stopped.`, `${queue.reason ? `${sentence(queue.reason)} ` : ""}Its jobs wait and lose nothing.`]);
	}
	const other = problems.filter((problem) => !problem.startsWith("Submissions are stopped"));
	if (other.length) banners.push(["bad", "Something is missing.", other.join(" ")]);
	return banners;
}

function told({ reason, since }) {
	const when = since ? ` Since ${exactTime(since)} (${age(secondsSince(since))}).` : "";
	return `${reason ? sentence(reason) : "An operator stopped them."}${when}`;
}

function sentence(text) {
	return /[.!?]$/.test(text) ? text : `${text}.`;
}

function banner(tone, title, text) {
	return el("div", { class: "banner", "data-tone": tone, role: "status" }, icon("warning"), el("p", {}, el("strong", { text: title }), el("span", { text: ` ${text}` })));
}
