// Shows whether the list is live, polling, paused or disconnected, with buttons to pause and to retry.

import { every } from "../core/clock.js";
import { byId, el, fill, on, part, setAttribute, setText } from "../core/dom.js";
import { clockTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { announce } from "../core/notices.js";

/** @import { Live, Outage, State } from "./live.js" */

const WORDS = {
	connecting: ["Connecting", "work"],
	live: ["Live", "good"],
	polling: ["Live, every 2 s", "good"],
	hidden: ["Idle", "quiet"],
	paused: ["Paused", "attention"],
	lost: ["Disconnected", "bad"],
};

export class ConnectionView {
	mark = byId("connection");
	banner = byId("lost");
	pauseButton = byId("pause");
	/** @type {State | null} */
	state = null;
	/** @type {Outage | null} */
	outage = null;

	constructor() {
		every(1, () => this.showCountdown());
	}

	/** @param {Live} live */
	attach(live) {
		on(this.pauseButton, "click", () => live.setPaused(!live.paused));
		on(byId("try-now"), "click", () => live.restart());
	}

	/**
	 * @param {State} state
	 * @param {Outage | null} outage
	 */
	show(state, outage) {
		this.outage = outage;
		if (state === this.state && state !== "lost") return;
		if (state === "lost" && this.state !== "lost") announce("The connection to the server was lost.");
		if (this.state === "lost" && state !== "lost" && state !== "hidden") announce("The connection was restored.");
		this.state = state;
		const [word, tone] = WORDS[state];
		this.mark.dataset.tone = tone;
		this.mark.dataset.state = state;
		setText(part(this.mark, "span"), word);
		const paused = state === "paused";
		setAttribute(this.pauseButton, "aria-pressed", paused);
		setAttribute(this.pauseButton, "title", paused ? "Resume live updates" : "Pause live updates");
		fill(this.pauseButton, icon(paused ? "play" : "pause"), el("span", paused ? "Resume" : "Pause"));
		this.banner.hidden = state !== "lost";
		this.showCountdown();
	}

	showCountdown() {
		if (!this.outage) return;
		const { since, retryAt } = this.outage;
		const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
		setText(byId("lost-text"), ` Last updated at ${clockTime(since)}. Retrying${seconds ? ` in ${seconds} s` : " now"}.`);
	}
}
