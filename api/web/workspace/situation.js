// What the installation says of itself: stopped queues, drain, simulated providers. Told by banners.

import { byId, el, fill, on, setText } from "./dom.js";
import { age, exactTime } from "./format.js";
import { icon } from "./icons.js";
import { every, secondsSince } from "./clock.js";

const EVERY_SECONDS = 10;

export class Situation {
	constructor({ api, onChange }) {
		Object.assign(this, { api, onChange });
		every(EVERY_SECONDS, () => this.read());
		on(document, "visibilitychange", () => document.hidden || this.read());
	}

	get now() {
		const { flags, drain, aiPrompts, uploads } = this.report ?? {};
		return { plainHttp: flags?.allowPrivateAddresses ?? false, drain, aiPrompts, uploads };
	}

	async read() {
		const found = await this.api.get("/api/init").catch(() => null);
		if (!found) return;
		this.report = found;
		const text = JSON.stringify([found.notices, found.providers, found.flags, found.aiPrompts, found.uploads]);
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
		fill(byId("banners"), report.notices?.map(banner));
	}
}

const NAMES = { grok: "Grok", wavespeed: "WaveSpeed" };

function banner({ tone, title, text, since }) {
	const when = since ? ` Since ${exactTime(since)} (${age(secondsSince(since))}).` : "";
	return el("div.banner", { "data-tone": tone, role: "status" }, icon("warning"), el("p", el("strong", title), ` ${text}${when}`));
}
