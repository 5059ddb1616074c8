// Keeps the list up to date: one stream, polling where there is none, nothing while hidden or paused.

import { on } from "../core/dom.js";
import { readEvents } from "./event_stream.js";

/** @import { Api } from "../core/api.js" */

const POLL_SECONDS = 2;
const STREAM_RETRY_SECONDS = 60;
const HIDDEN_SECONDS = 15;
const SILENCE_TIMEOUT_SECONDS = 45;
const MAX_BACKOFF_SECONDS = 10;

/**
 * @typedef {"connecting" | "live" | "polling" | "lost" | "paused" | "hidden"} State
 * @typedef {{ since: Date, again: number }} Outage Since when the server is not responding, and when it is tried again (milliseconds).
 */

/** The live connection. */
export class Live {
	/** @type {State} */
	state = "connecting";
	paused = false;
	attempts = 0;
	/** @type {Date | null} */
	lostSince = null;
	controller = new AbortController();
	wake = () => {};

	/**
	 * @param {Api} api
	 * @param {object} told
	 * @param {() => Promise<void>} told.reread Reads the list; throws when it cannot.
	 * @param {(data: any) => unknown} told.onEvent Takes one change.
	 * @param {(state: State, outage: Outage | null) => void} told.onState
	 */
	constructor(api, { reread, onEvent, onState }) {
		this.api = api;
		this.reread = reread;
		this.onEvent = onEvent;
		this.onState = onState;
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

	/** @param {boolean} paused */
	setPaused(paused) {
		this.paused = paused;
		this.restart();
	}

	/** Do what the situation asks for; return how long to wait before the next step. */
	async step() {
		if (this.paused) {
			this.tell("paused");
			return 3600;
		}
		if (document.hidden) return this.whileHidden();
		try {
			return await this.stream();
		} catch {
			if (this.controller.signal.aborted) return 0;
			return this.lost();
		}
	}

	/** Follow the stream to its end; return how long to wait, polling meanwhile where there is no stream. */
	async stream() {
		const { signal } = this.controller;
		const answer = await this.api.open("GET", "/api/jobs/events", { headers: { Accept: "text/event-stream" }, signal });
		if (!answer.ok || !answer.body || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
			await answer.body?.cancel();
			return this.poll();
		}
		this.found("live");
		/** @type {ReturnType<typeof setTimeout> | undefined} */
		let silence;
		const alive = () => {
			clearTimeout(silence);
			silence = setTimeout(() => this.controller.abort(), SILENCE_TIMEOUT_SECONDS * 1000);
		};
		alive();
		try {
			for await (const event of readEvents(answer.body, alive)) await this.take(event);
		} finally {
			clearTimeout(silence);
		}
		return signal.aborted ? 0 : 1;
	}

	/** @param {{ type: string | undefined, data: string | undefined }} event */
	async take({ type, data }) {
		if (type === "resync") await this.reread();
		else if (data) await this.onEvent(JSON.parse(data));
	}

	async poll() {
		const until = Date.now() + STREAM_RETRY_SECONDS * 1000;
		while (Date.now() < until && !this.controller.signal.aborted) {
			await this.reread();
			this.found("polling");
			await this.pause(POLL_SECONDS);
		}
		return 0;
	}

	/** No stream while nobody looks; a rare glance keeps the window's title honest. */
	async whileHidden() {
		this.tell("hidden");
		await this.pause(HIDDEN_SECONDS);
		if (document.hidden && !this.paused) await this.reread().catch(() => {});
		return 0;
	}

	/** @param {State} state */
	found(state) {
		this.lostSince = null;
		this.attempts = 0;
		if (this.state !== state) this.tell(state);
	}

	lost() {
		this.lostSince ??= new Date();
		const seconds = Math.min(MAX_BACKOFF_SECONDS, 2 ** this.attempts);
		this.attempts += 1;
		this.tell("lost", { since: this.lostSince, again: Date.now() + seconds * 1000 });
		return seconds;
	}

	/**
	 * @param {State} state
	 * @param {Outage | null} outage
	 */
	tell(state, outage = null) {
		this.state = state;
		this.onState(state, outage);
	}

	/**
	 * Wait, unless something wakes us.
	 *
	 * @param {number} seconds
	 * @returns {Promise<void>}
	 */
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
