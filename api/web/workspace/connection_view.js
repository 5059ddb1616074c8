// Says whether the list is live, paused, polling or lost, and lets a person pause or try again.

import { every } from "./clock.js";
import { byId, el, fill, on, setAttribute, setText } from "./dom.js";
import { clockTime } from "./format.js";
import { icon } from "./icons.js";
import { announce } from "./notices.js";

const WORDS = {
	connecting: ["Connecting", "work"],
	live: ["Live", "good"],
	polling: ["Live, every 2 s", "good"],
	hidden: ["Resting", "quiet"],
	paused: ["Paused", "attention"],
	lost: ["Not connected", "bad"],
};

export class ConnectionView {
	constructor() {
		this.mark = byId("connection");
		this.banner = byId("lost");
		this.pauseButton = byId("pause");
		every(1, () => this.showCountdown());
	}

	attach(live) {
		this.live = live;
		on(this.pauseButton, "click", () => live.setPaused(!live.paused));
		on(byId("try-now"), "click", () => live.restart());
	}

	show(state, detail) {
		this.detail = detail;
		if (state === this.state && state !== "lost") return;
		if (state === "lost" && this.state !== "lost") announce("The connection to the server is lost.");
		if (this.state === "lost" && state !== "lost" && state !== "hidden") announce("The connection is back.");
		this.state = state;
		const [word, tone] = WORDS[state];
		this.mark.dataset.tone = tone;
		this.mark.dataset.state = state;
		setText(this.mark.querySelector("span"), word);
		const paused = state === "paused";
		setAttribute(this.pauseButton, "aria-pressed", paused);
		setAttribute(this.pauseButton, "title", paused ? "Go on with live updates" : "Pause live updates");
		fill(this.pauseButton, icon(paused ? "play" : "pause"), el("span", paused ? "Go on" : "Pause"));
		this.banner.hidden = state !== "lost";
		this.showCountdown();
	}

	showCountdown() {
		if (this.state !== "lost") return;
		const seconds = Math.max(0, Math.ceil((this.detail.again - Date.now()) / 1000));
		setText(byId("lost-text"), ` What you see is as of ${clockTime(this.detail.since)}. Trying again${seconds ? ` in ${seconds} s` : " now"}.`);
	}
}
