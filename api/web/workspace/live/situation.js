// The installation's own report: stopped queues, drain, simulated providers. Shown as banners.

import { every, secondsSince } from "../core/clock.js";
import { byId, el, fill, on, part, setText } from "../core/dom.js";
import { age, exactTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { lazy } from "../core/lazy.js";
import { CORE } from "../words/core.js";
import { LIVE } from "../words/live.js";

/** @import { Api } from "../core/api.js" */
/** @import { Circumstances, Installation, Notice } from "../../types/page.js" */

const REFRESH_SECONDS = 10;

const announcement = lazy(() => import("./announcement.js"));
/** @type {Record<string, string>} */
const NAMES = { grok: CORE.grok, wavespeed: CORE.wavespeed };

export class Situation {
	/** @type {Installation | null} */
	report = null;
	shown = "";
	announced = false;

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
		const text = JSON.stringify([found.notices, found.providers, found.flags, found.aiPrompts, found.uploads, found.announcement, found.queue]);
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
		setText(part(mark, "span"), simulated.length === 2 ? LIVE.allSimulated : LIVE.simulated(simulated[0]));
		mark.title = LIVE.nothingCharged(simulated);
		setText(byId("version"), LIVE.version(report.versions.promptmill));
		this.announce();
		// Absent in older APIs.
		fill(byId("banners"), report.notices?.map(banner));
	}

	/** Few installations announce anything: what shows it is loaded with the first one. */
	async announce() {
		this.announced ||= Boolean(this.report?.announcement);
		const module = this.announced ? await announcement() : null;
		module?.showAnnouncement(this.report?.announcement ?? null);
	}
}

/** @param {Notice} notice */
function banner({ tone, title, text, since }) {
	const when = since ? LIVE.since(exactTime(since), age(secondsSince(since))) : "";
	return el("div.banner", { "data-tone": tone, role: "status" }, icon("warning"), el("p", el("strong", title), ` ${text}${when}`));
}
