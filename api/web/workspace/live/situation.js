// The installation's own report: stopped queues, drain, simulated providers. Shown as banners.

import { every, secondsSince } from "../core/clock.js";
import { byId, el, fill, on, part, setText } from "../core/dom.js";
import { age, exactTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { showAnnouncement } from "./announcement.js";

/** @import { Api } from "../core/api.js" */
/** @import { Circumstances, Installation, Notice } from "../../types/page.js" */

const REFRESH_SECONDS = 10;
/** @type {Record<string, string>} */
const NAMES = { grok: "Grok", wavespeed: "WaveSpeed" };

export class Situation {
	/** @type {Installation | null} */
	report = null;
	shown = "";

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {() => void} parts.onChange
	 */
	constructor({ api, onChange }) {
		this.api = api;
		this.onChange = onChange;
		every(REFRESH_SECONDS, () => this.read());
		on(document, "visibilitychange", () => document.hidden || this.read());
	}

	/** @returns {Circumstances} */
	get now() {
		const { flags, drain, aiPrompts, uploads } = this.report ?? {};
		return { plainHttp: flags?.allowPrivateAddresses ?? false, drain, aiPrompts, uploads };
	}

	async read() {
		const found = await this.api.get("/api/init").catch(() => null);
		if (!found) return;
		this.report = found;
		const text = JSON.stringify([found.notices, found.providers, found.flags, found.aiPrompts, found.uploads, found.announcement]);
		if (text === this.shown) return;
		this.shown = text;
		this.show(found);
		this.onChange();
	}

	/** @param {Installation} report */
	show(report) {
		const simulated = Object.entries(report.providers).filter(([, mode]) => mode === "simulated").map(([name]) => NAMES[name] ?? name);
		const mark = byId("simulated");
		mark.hidden = simulated.length === 0;
		setText(part(mark, "span"), simulated.length === 2 ? "Simulated providers" : `${simulated[0]} simulated`);
		mark.title = `${simulated.join(" and ")} ${simulated.length === 1 ? "is" : "are"} simulated on this machine: nothing is charged.`;
		setText(byId("version"), `Promptmill ${report.versions.promptmill}`);
		showAnnouncement(report.announcement ?? null);
		// Absent in older APIs.
		fill(byId("banners"), report.notices?.map(banner));
	}
}

/** @param {Notice} notice */
function banner({ tone, title, text, since }) {
	const when = since ? ` Since ${exactTime(since)} (${age(secondsSince(since))}).` : "";
	return el("div.banner", { "data-tone": tone, role: "status" }, icon("warning"), el("p", el("strong", title), ` ${text}${when}`));
}
