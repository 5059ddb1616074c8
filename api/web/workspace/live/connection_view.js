// Shows whether the list is live, polling, on hold, reconnecting or disconnected, with buttons to hold it and to retry.

import { tellBack } from "../core/back.js";
import { every } from "../core/clock.js";
import { byId, el, fill, on, part, setAttribute, setText } from "../core/dom.js";
import { clockTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { announce } from "../core/notices.js";
import { LIVE } from "../words/live.js";
import { LIST_HELD } from "../words/rows.js";

/** @import { Live, Outage, State } from "./live.js" */

const WORDS = {
	connecting: [LIVE.connecting, "work"],
	live: [LIVE.live, "good"],
	polling: [LIVE.polling, "good"],
	reconnecting: [LIVE.reconnecting, "attention"],
	hidden: [LIVE.idle, "quiet"],
	paused: [LIST_HELD.word, "attention"],
	lost: [LIVE.disconnected, "bad"],
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
		if (state === "lost" && this.state !== "lost") announce(LIVE.lost);
		if (this.state === "lost" && state !== "lost" && state !== "hidden") {
			announce(LIVE.restored);
			tellBack();
		}
		this.state = state;
		const [word, tone] = WORDS[state];
		this.mark.dataset.tone = tone;
		this.mark.dataset.state = state;
		setText(part(this.mark, "span"), word);
		const paused = state === "paused";
		const title = paused ? LIST_HELD.followTitle : LIST_HELD.holdTitle;
		setAttribute(this.pauseButton, "title", title);
		setAttribute(this.pauseButton, "aria-label", title);
		fill(this.pauseButton, icon("eye"), el("span", paused ? LIST_HELD.follow : LIST_HELD.hold));
		this.banner.hidden = state !== "lost";
		this.showCountdown();
	}

	showCountdown() {
		if (!this.outage) return;
		const { since, retryAt } = this.outage;
		const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
		setText(byId("lost-text"), LIVE.retrying(clockTime(since), seconds));
	}
}
