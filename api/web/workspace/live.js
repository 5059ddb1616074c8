// Keeps the list up to date: one stream, polling where there is none, nothing while hidden or paused.

import { on } from "./dom.js";
import { readEvents } from "./event_stream.js";

const POLL_SECONDS = 2;
const STREAM_AGAIN_SECONDS = 60;
const HIDDEN_SECONDS = 15;
const SILENCE_SECONDS = 45;
const LONGEST_BACKOFF_SECONDS = 10;

// The live connection. States: connecting, live, polling, lost, paused, hidden.
export class Live {
	// `reread()` reads the list and throws when it cannot; `onEvent(data)` takes one change; `onState(state, detail)`.
	constructor(api, { reread, onEvent, onState }) {
		Object.assign(this, { api, reread, onEvent, onState });
		this.state = "connecting";
		this.attempts = 0;
		this.controller = new AbortController();
		this.wake = () => {};
		on(document, "visibilitychange", () => this.restart());
		on(window, "online", () => this.restart());
	}

	async run() {
		for (;;) {
			this.controller = new AbortController();
			const seconds = await this.step();
			if (seconds > 0) await this.pause(seconds);
		}
	}

	restart() {
		this.controller.abort();
		this.wake();
	}

	setPaused(paused) {
		this.paused = paused;
		this.restart();
	}

	// Do what the situation asks for; return how long to wait before the next step.
	async step() {
		if (this.paused) return this.tell("paused") ?? 3600;
		if (document.hidden) return this.whileHidden();
		try {
			return await this.stream();
		} catch (problem) {
			if (this.controller.signal.aborted) return 0;
			return this.lost(problem);
		}
	}

	// Follow the stream to its end; return how long to wait, polling meanwhile where there is no stream.
	async stream() {
		const { signal } = this.controller;
		const answer = await this.api.open("GET", "/api/jobs/events", { headers: { Accept: "text/event-stream" }, signal });
		if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
			await answer.body?.cancel();
			return this.poll();
		}
		this.found("live");
		let silence;
		const alive = () => {
			clearTimeout(silence);
			silence = setTimeout(() => this.controller.abort(), SILENCE_SECONDS * 1000);
		};
		alive();
		try {
			for await (const event of readEvents(answer, alive)) await this.take(event);
		} finally {
			clearTimeout(silence);
		}
		return signal.aborted ? 0 : 1;
	}

	async take(event) {
		if (event.type === "resync") return this.reread();
		return event.data && this.onEvent(JSON.parse(event.data));
	}

	async poll() {
		const until = Date.now() + STREAM_AGAIN_SECONDS * 1000;
		while (Date.now() < until && !this.controller.signal.aborted) {
			await this.reread();
			this.found("polling");
			await this.pause(POLL_SECONDS);
		}
		return 0;
	}

	// No stream while nobody looks; a rare glance keeps the window's title honest.
	async whileHidden() {
		this.tell("hidden");
		await this.pause(HIDDEN_SECONDS);
		if (document.hidden && !this.paused) await this.reread().catch(() => {});
		return 0;
	}

	found(state) {
		this.lostSince = null;
		this.attempts = 0;
		if (this.state !== state) this.tell(state);
	}

	lost() {
		this.lostSince ??= new Date();
		const seconds = Math.min(LONGEST_BACKOFF_SECONDS, 2 ** this.attempts);
		this.attempts += 1;
		this.tell("lost", { since: this.lostSince, again: Date.now() + seconds * 1000 });
		return seconds;
	}

	tell(state, detail = {}) {
		this.state = state;
		this.onState(state, detail);
	}

	pause(seconds) {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, seconds * 1000);
			this.wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}
}
