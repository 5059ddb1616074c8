// Tells that jobs are done while nobody looks: by the browser's notifications and by a sound, if that was chosen.

import { button, byId, el, on, setAttribute } from "../core/dom.js";
import { jobName } from "../core/format.js";
import { notify } from "../core/notices.js";
import { TOLD } from "../words/told.js";
import { Gathered } from "./gathered.js";

/** @import { Job } from "../../types/page.js" */

const STORAGE_KEY = "promptmill.told";
const TONES_HZ = [660, 880];
const TONE_SECONDS = 0.14;

/** @typedef {{ browser: boolean, sound: boolean, when: "each" | "all" }} Choice */

/** @type {Choice} */
const NOTHING = { browser: false, sound: false, when: "all" };

export class Told {
	/** @param {{ open: (job: Job) => void, isOpen: () => boolean }} parts `isOpen`: whether any job is still under way. */
	constructor({ open, isOpen }) {
		this.open = open;
		this.choice = chosen();
		this.gathered = new Gathered({ isOpen, each: () => this.choice.when === "each", tell: (jobs) => this.tell(jobs) });
		this.browser = this.check(TOLD.browser, this.choice.browser, (wanted) => this.wantBrowser(wanted));
		this.sound = this.check(TOLD.sound, this.choice.sound, (wanted) => {
			this.keep({ sound: wanted });
			if (wanted) play();
		});
		this.each = el("select.input", el("option", { value: "all" }, TOLD.whenAll), el("option", { value: "each" }, TOLD.eachJob));
		this.each.value = this.choice.when;
		on(this.each, "change", () => this.keep({ when: this.each.value === "each" ? "each" : "all" }));
		byId("told-menu").replaceChildren(
			el("p", el("strong", TOLD.tellMe)),
			this.browser.parentElement ?? "",
			this.sound.parentElement ?? "",
			el("label.label", TOLD.when, this.each),
			button(".button.is-small", () => this.tell([]), TOLD.tryIt),
		);
		this.show();
	}

	/** @param {Job} job One that has just ended. */
	finished(job) {
		if (this.choice.browser || this.choice.sound) this.gathered.add(job);
	}

	/** @param {Job[]} jobs Those that have ended; none for a trial. */
	tell(jobs) {
		if (!this.choice.sound && !this.choice.browser) return notify(TOLD.chooseFirst);
		if (this.choice.sound) play();
		if (!this.choice.browser || Notification.permission !== "granted") return;
		const [first] = jobs;
		const title = jobs.length === 1 ? jobName(first) : jobs.length ? TOLD.jobsDone(jobs.length) : TOLD.trial;
		// The same tag: a later one takes the place of the one before.
		const shown = new Notification(title, { body: summary(jobs), tag: "promptmill", icon: byIcon() });
		on(shown, "click", () => {
			window.focus();
			if (first) this.open(first);
			shown.close();
		});
	}

	/** @param {boolean} wanted */
	async wantBrowser(wanted) {
		if (wanted && !("Notification" in globalThis && isSecureContext)) {
			notify(TOLD.onlyHttps, { tone: "bad" });
			wanted = false;
		} else if (wanted && (await Notification.requestPermission()) !== "granted") {
			notify(TOLD.notAllowed, { tone: "bad" });
			wanted = false;
		}
		this.browser.checked = wanted;
		this.keep({ browser: wanted });
	}

	/** @param {Partial<Choice>} changed */
	keep(changed) {
		this.choice = { ...this.choice, ...changed };
		localStorage.setItem(STORAGE_KEY, JSON.stringify(this.choice));
		this.show();
	}

	show() {
		const on = this.choice.browser || this.choice.sound;
		setAttribute(byId("told"), "aria-label", on ? TOLD.change : TOLD.tellMe);
		setAttribute(byId("told"), "data-on", on);
	}

	/**
	 * @param {string} label
	 * @param {boolean} checked
	 * @param {(wanted: boolean) => void} want
	 */
	check(label, checked, want) {
		const box = el("input", { type: "checkbox" });
		box.checked = checked;
		on(box, "change", () => want(box.checked));
		el("label.check", box, label);
		return box;
	}
}

/** @returns {Choice} */
function chosen() {
	try {
		return { ...NOTHING, ...JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}") };
	} catch {
		return NOTHING;
	}
}

/** @param {Job[]} jobs */
function summary(jobs) {
	const failed = jobs.filter((job) => job.status !== "completed").length;
	if (!jobs.length) return TOLD.trialText;
	if (jobs.length === 1) return jobs[0].statusText;
	return failed ? TOLD.someFailed(jobs.length - failed, failed) : TOLD.allCompleted;
}

function byIcon() {
	return document.querySelector("link[rel=icon]")?.getAttribute("href") ?? undefined;
}

/** Play two short tones; a browser that plays nothing before the first click stays silent. */
function play() {
	const context = new AudioContext();
	const volume = context.createGain();
	volume.gain.value = 0.08;
	volume.connect(context.destination);
	TONES_HZ.forEach((hertz, place) => {
		const tone = context.createOscillator();
		tone.frequency.value = hertz;
		tone.connect(volume);
		tone.start(context.currentTime + place * TONE_SECONDS);
		tone.stop(context.currentTime + (place + 1) * TONE_SECONDS);
		if (place === TONES_HZ.length - 1) on(tone, "ended", () => context.close());
	});
}
